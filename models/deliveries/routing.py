"""Who hears of what: by team, severity and connection; templates; how single people are reached."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.alerts import Severity
from models.core.base import Identifier, Instant, Label, PlainText, Record, Request, RequiredText, Version
from models.deliveries.connections import ConnectionKind, MailAddress


class Team(StrEnum):
    """Who a notice is for."""

    OPERATIONS = "operations"
    PAYMENTS = "payments"
    RISK = "risk"
    FINANCE = "finance"
    SUPPORT = "support"
    PRIVACY = "privacy"
    COMMUNITY = "community"


class RouteMode(StrEnum):
    """When a notice goes. Where no route is, it does not."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    """In one message at 08:00 UTC."""


class Route(Record):
    """Notices for a team of one severity go to a connection."""

    team: Team
    severity: Severity
    connection_id: Identifier
    mode: RouteMode


class RouteGap(Record):
    """A team hears nothing of a severity, or only by what does not work now."""

    team: Team
    severities: tuple[Severity, ...]
    words: str


class RouteMap(Record):
    """All routes, as one record that is changed as a whole."""

    routes: tuple[Route, ...]
    gaps: tuple[RouteGap, ...]
    version: Version
    updated_at: Instant
    updated_by: str


class RouteRequest(Request):
    """One route of a new map."""

    team: Team
    severity: Severity
    connection_id: Identifier
    mode: RouteMode


class RouteMapRequest(Request):
    """The map as it is to be. Needs ``If-Match`` and a second factor."""

    routes: Annotated[tuple[RouteRequest, ...], Field(max_length=1000)]
    reason: Annotated[RequiredText, Field(max_length=500)]


TemplateText = Annotated[PlainText, Field(min_length=1, max_length=8000)]


class Template(Record):
    """What a notice says on one kind of connection. ``{name}`` stands for a value, which is escaped for the kind."""

    name: Identifier
    """Such as ``alert.raised``."""
    kind: ConnectionKind | None
    """``None``: on every kind that has no text of its own."""
    subject: str
    text: str
    values: tuple[str, ...]
    """The names that may be used."""
    version: Version
    updated_at: Instant
    updated_by: str


class TemplateChange(Request):
    """A new version of a template. Needs ``If-Match``."""

    subject: Annotated[Label, Field(max_length=200)]
    text: TemplateText


class PreviewRequest(Request):
    """How a notice would look on a connection, with made-up values where none are given."""

    template: Identifier
    connection_id: Identifier
    subject: Annotated[PlainText, Field(max_length=200)] | None = None
    text: TemplateText | None = None
    """A text that is not saved yet."""


class Preview(Record):
    """What would be sent."""

    subject: str
    text: str


class ContactState(StrEnum):
    """An address is written to only after its owner has proved that it is theirs."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"


class ContactMethod(Record):
    """How one person is reached, in the order in which it is tried."""

    id: Identifier
    address: str
    state: ContactState
    verified_at: Instant | None
    version: Version


class ContactRequest(Request):
    """A mail address of one's own; a code goes there."""

    address: MailAddress


class ContactCodeRequest(Request):
    """The code that came by mail."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
