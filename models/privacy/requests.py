"""Requests of people about their data, on the clock of the law. Specification: PrivacyRequest."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.core.base import (
    Count,
    EventInstant,
    Identifier,
    Instant,
    Label,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    UserId,
    Version,
)
from models.core.personal import PERSONAL
from models.privacy import Channel, Jurisdiction, PersonRequest, Purpose

IMPORT_MOST = 500


class RequestType(StrEnum):
    """What a person asks for."""

    ACCESS = "access"
    DELETION = "deletion"
    RECTIFICATION = "rectification"
    RESTRICTION = "restriction"


class RequestState(StrEnum):
    """How far it has come."""

    IDENTITY = "identity"
    """Waits until it is known that the person is who they say: nothing is done before, whatever way it came."""
    APPROVAL = "approval"
    """Waits for a second person."""
    WAITING = "waiting"
    """Approved; waits until it can no longer be taken back."""
    RUNNING = "running"
    REVIEW = "review"
    """What is to be handed out is looked at first, for data of other people."""
    READY = "ready"
    """Can be fetched."""
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    """Another one, which it is linked with, is worked on."""


OPEN_STATES = frozenset(
    {
        RequestState.IDENTITY,
        RequestState.APPROVAL,
        RequestState.WAITING,
        RequestState.RUNNING,
        RequestState.REVIEW,
        RequestState.READY,
    }
)
"""The clock runs in these."""


class RequestSource(StrEnum):
    """How it came to be here."""

    SHOP = "shop"
    SUPPORT = "support"
    IMPORT = "import"


class VerificationMethod(StrEnum):
    """What shows that a person is who they say."""

    SESSION = "session"
    """They asked signed in to the shop, which vouches for it."""
    EMAIL = "email"
    """They answered from the address that is known of them."""
    ORDER = "order"
    """They know of an order what only the buyer does."""
    DOCUMENT = "document"
    """They showed a document, of which nothing is kept."""


class PauseReason(StrEnum):
    """For what a clock may stand still, where the law allows it."""

    IDENTITY = "identity"
    """There are doubts who they are, and they were asked."""
    CLARIFICATION = "clarification"
    """They were asked what of much they want."""


class PeriodUnit(StrEnum):
    """What a period of the law is counted in."""

    MONTHS = "months"
    DAYS = "days"


# --- requests --------------------------------------------------------------------------------------------------------


class SessionProof(Request):
    """The shop vouches that the person asked while signed in."""

    authenticated_at: EventInstant
    """When they last proved to the shop who they are; more than fifteen minutes ago is no proof."""


class AccessRequest(PersonRequest):
    """A person's request: what, and who they say they are."""

    type: RequestType
    reason: Annotated[Text, PERSONAL] = ""
    """Their own words; kept sealed."""
    jurisdiction: Jurisdiction = Jurisdiction.OTHER
    channel: Channel = Channel.FORM
    received_at: EventInstant | None = None
    """When it came, where that was elsewhere and before; left out: now."""
    session: SessionProof | None = None


class AccessRequestImport(Request):
    """Many at once, from the system that kept them before. Bad rows are named, the others are taken."""

    requests: Annotated[tuple[dict[str, object], ...], Field(min_length=1, max_length=IMPORT_MOST)]


class ImportProblem(Record):
    """A row that was not taken."""

    row: Count
    message: str


class AccessRequestImportResult(Record):
    """What became of an import: all of them wait for proof of identity, as any other."""

    taken: Count
    problems: tuple[ImportProblem, ...]


class PausePeriod(Record):
    """When a clock stood still, and what for."""

    reason: PauseReason
    words: Annotated[str, PERSONAL]
    begun_at: Instant
    begun_by: str
    begun_by_name: str
    ended_at: Instant | None


class PrivacyRequest(Record):
    """A request as everybody sees it who works with them: what, how far, and until when, but not who."""

    request_id: Identifier
    reference: str
    """What people call it: PR-0012."""
    type: RequestType
    status: RequestState
    source: RequestSource
    channel: Channel
    jurisdiction: Jurisdiction
    submitted_at: Instant
    """When it was received: the clock runs from there."""
    due_on: date
    due_at: Instant
    """From this instant on it is late by law."""
    internal_at: Instant
    """From this instant on it is late by our own rule."""
    paused: bool
    extended: bool
    owner: str | None
    owner_name: str | None
    verified_at: Instant | None
    verified_by: str | None
    verified_by_name: str | None
    verification: VerificationMethod | None
    duplicate_of: str | None
    """The reference of the one that is worked on instead."""
    duplicates: Count
    """How many are linked with this one; the earliest receipt among them counts."""
    progress: Annotated[int, Field(ge=0, le=100)] | None
    """Per cent of its steps, while it runs and after."""
    blocked: str
    """Why it does not go on, in a few words: a failed step, a manual one; empty when nothing holds it."""
    completed_at: Instant | None
    artifacts_url: str | None
    """Where what was asked for can be fetched, while it can."""
    created_by: str
    version: Version


class RequestDetail(PrivacyRequest):
    """With its pauses and its extension."""

    pauses: tuple[PausePeriod, ...]
    extension: Extension | None
    linked: tuple[str, ...]
    """References of its duplicates."""


class Extension(Record):
    """The notice that it will take longer, as it was sent."""

    sent_at: Instant
    sent_by: str
    sent_by_name: str
    reason: Annotated[str, PERSONAL]
    notice: Annotated[str, PERSONAL]


class RequestChange(Request):
    """A change by an officer; what is left out stays. Needs ``If-Match``."""

    status: RequestState | None = None
    """``refused`` or ``withdrawn``, with a reason; every other state follows from what is done."""
    reason: Annotated[Text, PERSONAL] = ""
    owner: UserId | None = None
    jurisdiction: Jurisdiction | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"reason"}:
            raise ValueError("name at least one field to change")
        if self.status is not None:
            if self.status not in {RequestState.REFUSED, RequestState.WITHDRAWN}:
                raise ValueError("status: only refused and withdrawn are set by hand; the others follow")
            if not self.reason.strip():
                raise ValueError("reason: say why; the person is told")
        return self


class VerifyRequest(Request):
    """What was found out about who they are."""

    confirmed: bool
    method: VerificationMethod
    evidence: Annotated[RequiredText, Field(max_length=500), PERSONAL]
    """What was looked at; kept sealed."""

    @model_validator(mode="after")
    def _not_by_hand(self) -> Self:
        if self.method is VerificationMethod.SESSION:
            raise ValueError("method: only the shop vouches for a session, when it hands the request in")
        return self


class PauseClock(Request):
    """The clock is to stand still. Needs ``If-Match``."""

    reason: PauseReason
    words: Annotated[RequiredText, Field(max_length=500), PERSONAL]
    """What the person was asked."""


class ResumeClock(Request):
    """The clock runs again. Needs ``If-Match``."""

    words: Annotated[RequiredText, Field(max_length=500), PERSONAL]


class ExtendClock(Request):
    """It will take longer; the person is told before the first date. Needs ``If-Match``."""

    reason: Annotated[RequiredText, Field(max_length=500), PERSONAL]
    """Why, for the log."""
    notice: Annotated[RequiredText, PERSONAL]
    """What the person is told."""


class LinkRequest(Request):
    """Another request is the same one. Needs ``If-Match``."""

    other: Identifier
    reason: RequiredText


class RequestPerson(Record):
    """Who a request is from, for those who may see that."""

    request_id: Identifier
    claimed: Annotated[dict[str, str], PERSONAL]
    """What they say identifies them, by kind."""
    known: Annotated[dict[str, tuple[str, ...]], PERSONAL]
    """What is known of the person it was found to be."""
    reason: Annotated[str, PERSONAL]
    evidence: Annotated[str, PERSONAL]
    """What was looked at to know who they are."""
    closing: Annotated[str, PERSONAL]
    """Why it was refused or taken back, as the person was told."""


class LookRequest(Request):
    """A look at personal data of a request."""

    purpose: Purpose


class RequestFigures(Record):
    """How many there are, for tabs and tiles."""

    open: Count
    by_type: dict[RequestType, Count]
    by_status: dict[RequestState, Count]
    past_internal: Count
    past_due: Count
    mine: Count
    paused_all: bool
    """Nothing runs, by the switch for all."""
    as_of: Instant


# --- jurisdictions ---------------------------------------------------------------------------------------------------


class JurisdictionRules(Record):
    """What the law of a jurisdiction says about requests, as this shop reads it."""

    code: Jurisdiction
    title: str
    law: str
    """Where it stands."""
    zone: str
    unit: PeriodUnit
    period: Count
    extended: Count
    rolls: bool
    pauses: tuple[PauseReason, ...]
    internal_days: Count
    weekend: tuple[int, ...]
    fixed_holidays: tuple[str, ...]
    """Month and day: ``12-25``."""
    easter_holidays: tuple[int, ...]
    """Days from Easter Sunday."""
    updated_at: Instant
    updated_by: str
    version: Version


MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", examples=["12-25"])]


class JurisdictionChange(Request):
    """Another reading of the law; open requests are dated anew. Needs ``If-Match``."""

    title: Annotated[Label, Field(max_length=100)]
    law: Annotated[Label, Field(max_length=300)]
    zone: Annotated[PlainText, Field(min_length=1, max_length=60)]
    unit: PeriodUnit
    period: Annotated[Count, Field(ge=1, le=400)]
    extended: Annotated[Count, Field(ge=1, le=400)]
    rolls: bool
    pauses: tuple[PauseReason, ...] = ()
    internal_days: Annotated[Count, Field(ge=1, le=60)]
    weekend: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(max_length=6)] = (5, 6)
    fixed_holidays: Annotated[tuple[MonthDay, ...], Field(max_length=60)] = ()
    easter_holidays: Annotated[tuple[Annotated[int, Field(ge=-70, le=70)], ...], Field(max_length=20)] = ()
    reason: RequiredText

    @model_validator(mode="after")
    def _not_shorter(self) -> Self:
        if self.extended < self.period:
            raise ValueError("extended: an extension is counted from receipt, and is no shorter than the period")
        return self


RequestDetail.model_rebuild()
