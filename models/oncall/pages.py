"""Pages: somebody is called, and who was, by which roster, is kept as it was at that moment."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.alerts import Severity
from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText, UserId, Version
from models.deliveries.receipts import Receipt
from models.deliveries.routing import Team


class PageState(StrEnum):
    """Where a page stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class PagedPerson(Record):
    """Somebody who was paged."""

    person: str
    name: str
    receipts: tuple[Receipt, ...] = ()


class RosterUsed(Record):
    """Who a schedule said was on, and by what."""

    schedule_id: Identifier
    schedule_name: str
    revision: Count
    overrides: tuple[Identifier, ...]
    people: tuple[str, ...]


class PageCall(Record):
    """One step of a page as it was taken. This record is who was paged, not what a roster says today."""

    number: Count
    round: Count
    step: Count | None
    """Of the policy, from 0; ``None``: the fallback, or a test."""
    at: Instant
    people: tuple[PagedPerson, ...]
    rosters: tuple[RosterUsed, ...]
    tzdata: str
    """The release of the tz database the rosters were resolved with."""
    team_receipts: tuple[Receipt, ...] = ()
    words: str
    """What was remarkable, such as that nobody was on call."""


class PageSummary(Record):
    """A page as lists show it."""

    id: Identifier
    policy_id: Identifier | None
    policy_name: str | None
    policy_version: Version | None
    subject_kind: str
    subject_id: str
    title: str
    severity: Severity
    link: str
    team: Team
    state: PageState
    test: bool
    started_at: Instant
    started_by: str
    round: Count
    next_at: Instant | None
    """When the next step is due; ``None``: none is, unless it is opened again."""
    paged: tuple[str, ...]
    """Everybody who was paged so far."""
    exhausted_at: Instant | None
    """Since when there is nobody left to page."""
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    acknowledged_until: Instant | None
    resolved_at: Instant | None
    resolved_by: str | None
    reason: str
    names: dict[str, str]
    """How whoever is named here is called, by id."""
    version: Version


class PageDetail(PageSummary):
    """A page with all that was done."""

    calls: tuple[PageCall, ...]


class ResolvePage(Request):
    """End a page. Needs ``If-Match``."""

    reason: Annotated[RequiredText, Field(max_length=500)]


class TestPageRequest(Request):
    """Page people to see that it reaches them; nothing is escalated."""

    __test__ = False  # pytest takes it for a test otherwise

    people: Annotated[tuple[UserId, ...], Field(max_length=50)] = ()
    """None: oneself. Others only for those who manage on-call."""


class TestPages(Record):
    """The pages of a test, one for each person."""

    __test__ = False

    pages: tuple[PageSummary, ...]


class ManualPageRequest(Request):
    """Page by a policy, by hand."""

    policy_id: Identifier
    severity: Severity
    title: Annotated[RequiredText, Field(max_length=200)]
