"""Consent: what a person agreed to or took back, each time they said so, with what they were shown."""

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
    OptionalOutsideId,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    Version,
)
from models.core.personal import PERSONAL
from models.privacy import Channel, Jurisdiction, PersonRequest, Purpose

IMPORT_MOST = 1_000


class ConsentType(StrEnum):
    """What a person is asked for."""

    MARKETING = "marketing"
    TRACKING = "tracking"


class ConsentStatus(StrEnum):
    """What they said."""

    GRANTED = "granted"
    REVOKED = "revoked"


Locale = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$", examples=["de"])]
"""A language, with a country where it matters."""


class ConsentRequest(PersonRequest):
    """What a person said about one thing."""

    consent_type: ConsentType
    status: ConsentStatus
    timestamp: EventInstant | None = None
    """When they said so; left out: now."""
    policy_version: Version | None = None
    """The policy they were told of; left out: the one in force."""
    text_id: Identifier | None = None
    """The text they were shown, as the form names it."""
    channel: Channel = Channel.FORM
    jurisdiction: Jurisdiction = Jurisdiction.OTHER
    gpc: bool = False
    """Their browser asked not to be tracked (Global Privacy Control); ``Sec-GPC: 1`` of this request says the same."""
    evidence: Annotated[PlainText, Field(max_length=500)] = ""
    """What else shows that they said so, such as a ticket; kept sealed."""
    source_id: OptionalOutsideId = None
    """Its id where it comes from: the same one again is recorded once."""


class ConsentForm(Request):
    """What the shop's form sends for somebody who is not signed in or is."""

    consents: Annotated[tuple[ConsentRequest, ...], Field(min_length=1, max_length=10)]
    turnstile_token: Annotated[PlainText, Field(max_length=4096)] | None = None
    """Where Cloudflare Turnstile is set up, what its widget answered; without it nothing is recorded."""


class ConsentSnapshot(Record):
    """What a person said once. Never changed and never removed; a newer one takes its place."""

    consent_id: Identifier
    user_id: Annotated[str | None, PERSONAL]
    """The shop's id of whoever said it; ``None`` where it knows none, or the person was erased."""
    consent_type: ConsentType
    status: ConsentStatus
    timestamp: Instant
    policy_version: Version | None
    text_id: Identifier | None
    channel: Channel
    jurisdiction: Jurisdiction
    gpc: bool
    """The browser asked not to be tracked: then a grant of tracking is recorded as revoked."""
    recorded_at: Instant
    recorded_by: str


class ConsentState(Record):
    """What holds of one thing now."""

    consent_type: ConsentType
    status: ConsentStatus
    since: Instant
    policy_version: Version | None


class PersonConsent(Record):
    """All that a person has said about consent."""

    person_id: Identifier
    current: tuple[ConsentState, ...]
    history: tuple[ConsentSnapshot, ...]
    """The newest first."""
    acknowledged: tuple[PolicyAcknowledgement, ...]


class ConsentImport(Request):
    """Many at once, such as from the system that kept them before. Bad rows are named, the others are recorded."""

    consents: Annotated[tuple[dict[str, object], ...], Field(min_length=1, max_length=IMPORT_MOST)]


class ConsentImportProblem(Record):
    """A row that was not recorded."""

    row: Count
    """Counted from 0."""
    message: str


class ConsentImportResult(Record):
    """What became of an import."""

    recorded: Count
    known: Count
    """Recorded before, by their source's id."""
    problems: tuple[ConsentImportProblem, ...]


class ConsentExportRequest(Request):
    """A page of what is recorded, for whoever keeps it elsewhere."""

    purpose: Purpose
    since: Instant | None = None
    cursor: Annotated[PlainText, Field(max_length=400)] | None = None
    limit: Annotated[Count, Field(ge=1, le=500)] = 500


class ExportedConsent(Record):
    """A snapshot as an import takes it again."""

    user_id: Annotated[str | None, PERSONAL]
    email: Annotated[str | None, PERSONAL]
    consent_type: ConsentType
    status: ConsentStatus
    timestamp: Instant
    policy_version: Version | None
    text_id: Identifier | None
    channel: Channel
    jurisdiction: Jurisdiction
    gpc: bool
    evidence: Annotated[str, PERSONAL]
    source_id: str


class ReceiptRequest(Request):
    """A look at a snapshot that hands it out."""

    purpose: Purpose


class ConsentReceipt(Record):
    """A snapshot, signed with the key of the audit log; ``verify_receipt.py`` needs nothing of ours to check it."""

    consent_id: Identifier
    receipt: Annotated[str, PERSONAL]
    """The signed note, as text for a file."""
    vkey: str
    """The public key it is signed with; whoever checks must have it from elsewhere."""


class TrendDay(Record):
    """One day of consent."""

    day: date
    granted: Count
    """People whose consent holds at the end of the day."""
    asked: Count
    """People who have said anything by then."""


class ConsentTrend(Record):
    """How many consent, day by day, the newest last."""

    consent_type: ConsentType
    days: tuple[TrendDay, ...]


class ConsentTrends(Record):
    """Of all kinds."""

    trends: tuple[ConsentTrend, ...]
    policies: tuple[PolicyMark, ...]
    """Policies that came into force within the days."""
    as_of: Instant


# --- policies --------------------------------------------------------------------------------------------------------


class ConsentChoice(Request):
    """One thing a form asks for."""

    consent_type: ConsentType
    label: Annotated[Label, Field(max_length=120)]
    description: Annotated[Text, Field(max_length=1000)] = ""


class ConsentTextRequest(Request):
    """What a form says in one language, for one law or for all."""

    locale: Locale
    jurisdiction: Jurisdiction | None = None
    """Left out: wherever no text of the law itself is there."""
    title: Annotated[Label, Field(max_length=200)]
    body: RequiredText
    choices: Annotated[tuple[ConsentChoice, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        kinds = [each.consent_type for each in self.choices]
        if len(set(kinds)) < len(kinds):
            raise ValueError("each kind of consent is asked for once")
        return self


class PolicyRequest(Request):
    """A new version of the privacy policy, with the texts of its forms."""

    title: Annotated[Label, Field(max_length=200)]
    changes: RequiredText
    """What is new, in plain words: it stands in the mail that asks for acknowledgement."""
    url: Annotated[PlainText, Field(max_length=2000, pattern=r"^https?://\S+$")]
    requires_acknowledgement: bool = False
    texts: Annotated[tuple[ConsentTextRequest, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        kinds = [(each.locale, each.jurisdiction) for each in self.texts]
        if len(set(kinds)) < len(kinds):
            raise ValueError("there is one text for each language and law")
        return self


class Policy(Record):
    """A version of the privacy policy; it is in force from when it was published until the next."""

    version: Version
    title: str
    changes: str
    url: str
    requires_acknowledgement: bool
    published_at: Instant
    published_by: str
    published_by_name: str
    acknowledged: Count
    """People who have acknowledged it."""
    outstanding: Count
    """People who still have to."""
    campaign_at: Instant | None
    """When those were asked last."""


class PolicyMark(Record):
    """When a policy came into force."""

    version: Version
    published_at: Instant


class PolicyAcknowledgement(Record):
    """A person has acknowledged a version."""

    version: Version
    at: Instant
    channel: Channel


class AcknowledgementRequest(PersonRequest):
    """A person acknowledges a version."""

    channel: Channel = Channel.FORM
    timestamp: EventInstant | None = None


class OutstandingRequest(Request):
    """A look at a page of people who have not acknowledged a version."""

    purpose: Purpose
    cursor: Annotated[PlainText, Field(max_length=400)] | None = None
    limit: Annotated[Count, Field(ge=1, le=500)] = 100


class OutstandingPerson(Record):
    """Somebody who has not acknowledged a version."""

    person_id: Identifier
    user_id: Annotated[str | None, PERSONAL]
    email: Annotated[str | None, PERSONAL]


class Campaign(Record):
    """People who have not acknowledged a policy are asked to, by the shop."""

    version: Version
    asked: Count
    """How many the shop is asked to write to."""


class ConsentFormText(Record):
    """What a form shows, and what it sends back with each answer."""

    policy_version: Version
    text_id: Identifier
    locale: Locale
    jurisdiction: Jurisdiction | None
    title: str
    body: str
    choices: tuple[ConsentChoice, ...]
    policy_url: str
    turnstile: bool
    """Whether the form must send what Turnstile's widget answers."""


PersonConsent.model_rebuild()
ConsentTrends.model_rebuild()
