"""How requests, laws, consent and steps are spoken of. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.privacy.stages import StepState
from models.core.wording import THE_SYSTEM
from models.privacy import Channel, Jurisdiction
from models.privacy.consent import ConsentStatus, ConsentType
from models.privacy.requests import PauseReason, RequestState, RequestType, VerificationMethod

if TYPE_CHECKING:
    from datetime import datetime

    from models.privacy.graph import RequestNode
    from models.privacy.requests import PrivacyRequest

NONE = "\N{EN DASH}"
TYPES = {
    RequestType.ACCESS: "Access",
    RequestType.DELETION: "Erasure",
    RequestType.RECTIFICATION: "Rectification",
    RequestType.RESTRICTION: "Restriction",
}
LAWS = {
    Jurisdiction.GDPR: "GDPR",
    Jurisdiction.UK_GDPR: "UK GDPR",
    Jurisdiction.CH_DSG: "Swiss DSG",
    Jurisdiction.CCPA: "CCPA",
    Jurisdiction.LGPD: "LGPD",
    Jurisdiction.OTHER: "Other law",
}
STATES = {
    RequestState.IDENTITY: "Waits for identity",
    RequestState.APPROVAL: "Waits for approval",
    RequestState.WAITING: "Approved, begins later",
    RequestState.RUNNING: "Running",
    RequestState.REVIEW: "Waits for review",
    RequestState.READY: "Package ready",
    RequestState.DONE: "Done",
    RequestState.REFUSED: "Refused",
    RequestState.WITHDRAWN: "Withdrawn",
    RequestState.DUPLICATE: "Duplicate",
}
METHODS = {
    VerificationMethod.EMAIL: "They answered from the address that is known of them",
    VerificationMethod.ORDER: "They know of an order what only the buyer does",
    VerificationMethod.DOCUMENT: "They showed a document, of which nothing is kept",
}
"""A session is vouched for by the shop, never by hand."""
PAUSES = {
    PauseReason.IDENTITY: "There are doubts who they are, and they were asked",
    PauseReason.CLARIFICATION: "They were asked what of much they want",
}
CHANNELS = {
    Channel.FORM: "Form",
    Channel.ACCOUNT: "Account",
    Channel.EMAIL: "E-mail",
    Channel.SUPPORT: "Support",
    Channel.IMPORT: "Import",
}
CONSENTS = {ConsentType.MARKETING: "Marketing", ConsentType.TRACKING: "Tracking"}
STATUSES = {ConsentStatus.GRANTED: "granted", ConsentStatus.REVOKED: "withdrawn"}
STEP_STATES = {
    StepState.DONE: "done",
    StepState.SKIPPED: "skipped",
    StepState.FAILED: "failed",
    StepState.PERSON: "waits for a person",
    StepState.RUNNING: "running",
    StepState.READY: "its turn is next",
    StepState.LOCKED: "something else comes first",
}
IDENTIFIERS = {"customer_id": "Customer id", "email": "E-mail", "userId": "Customer id"}


def request_name(request: PrivacyRequest) -> str:
    """``Erasure PR-0002``."""
    return f"{TYPES[request.type]} {request.reference}"


def identifier_name(kind: str) -> str:
    """What kind of identifier it is, in words."""
    return IDENTIFIERS.get(kind, kind.replace("_", " ").capitalize())


def state_words(request: PrivacyRequest) -> str:
    """How far it is: a step that holds it, else its state."""
    match request.status:
        case RequestState.DUPLICATE if request.duplicate_of:
            return f"Same as {request.duplicate_of}"
        case _ if request.blocked:
            return f"{request.blocked[:1].upper()}{request.blocked[1:]}"
        case _ if request.paused:
            return "Clock stopped"
        case RequestState.RUNNING if request.progress is not None:
            return f"Running, {request.progress} %"
        case _:
            return STATES[request.status]


def is_stuck(request: PrivacyRequest) -> bool:
    """Whether a step of it failed, or its proof did."""
    return "failed" in request.blocked


def waits_for_person(request: PrivacyRequest) -> bool:
    """Whether somebody has to do something before it goes on."""
    waiting = {RequestState.IDENTITY, RequestState.APPROVAL, RequestState.REVIEW}
    return request.status in waiting or bool(request.blocked)


def day(at: datetime) -> str:
    """``27 Nov 09:12``."""
    return f"{at:%d %b %H:%M}".lstrip("0")


def date_of(at: datetime) -> str:
    """``27 Nov 2026``."""
    return f"{at:%d %b %Y}".lstrip("0")


def who(name: str | None) -> str:
    """Somebody, within a sentence."""
    return "nobody" if name is None else THE_SYSTEM.lower() if name == THE_SYSTEM else name


def kept_words(node: RequestNode) -> str:
    """What of a system stays, and why."""
    return "; ".join(f"{count:,}: {reason}" for reason, count in node.kept.items()) or NONE


def purpose_problem(purpose: str) -> str | None:
    """Why a purpose will not do; it stands in the audit log."""
    if not purpose.strip():
        return "Say what for: it stands in the audit log beside your name."
    return "At most 200 characters." if len(purpose.strip()) > 200 else None
