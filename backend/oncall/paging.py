"""What other capabilities ask of on-call: to page somebody about something, until it is answered or over."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from backend.core.database import Connection
from backend.oncall.pages import actions, reads
from models.alerts import Severity
from models.oncall.pages import PageDetail


@dataclass(frozen=True, slots=True)
class PageSubject:
    """What people are paged about."""

    kind: str
    """The resource type of the audit log, such as ``incident``."""
    id: str
    title: str
    severity: str
    """``P1`` to ``P4``; ``SEV1`` to ``SEV4`` are the same."""
    link: str


async def page(tx: Connection, policy_id: UUID, subject: PageSubject, *, actor: str) -> UUID:
    """Call people by an escalation policy until somebody answers, within the transaction of what they are called about.

    While a page about the subject is not over, it is that one, whatever the policy. Its first step is taken at once.

    Raises:
        ValueError: The severity is none.
        ProblemError: 404 for a policy there is not, 409 for an archived one.
    """
    severity = Severity(subject.severity.replace("SEV", "P"))
    about = actions.Subject(subject.kind, subject.id, subject.title, severity, subject.link)
    return await actions.start(tx, actor=actor, policy_id=policy_id, subject=about)


async def acknowledge(tx: Connection, subject_kind: str, subject_id: str, *, actor: str) -> None:
    """Somebody looks after the subject: nobody else is called. Without an open page nothing happens."""
    await actions.acknowledge_subject(tx, actor=actor, kind=subject_kind, subject_id=subject_id)


async def acknowledge_page(tx: Connection, page_id: UUID, *, actor: str) -> bool:
    """Somebody has answered a page where they read it, such as in a chat; says whether it was still open."""
    return await actions.acknowledge_if_open(tx, actor=actor, page_id=page_id)


async def stop(tx: Connection, subject_kind: str, subject_id: str, *, actor: str, reason: str) -> None:
    """The subject is over, and so is its page. Without one nothing happens."""
    await actions.resolve_subject(tx, actor=actor, kind=subject_kind, subject_id=subject_id, reason=reason)


async def pages_of(tx: Connection, kind: str, id: str) -> tuple[PageDetail, ...]:  # noqa: A002 - as agreed with callers
    """All pages about a subject, the newest first: who was paged, by which roster, and what became of each message."""
    return await reads.pages_of(tx, kind, id)
