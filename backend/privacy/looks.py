"""Looks at personal data: each is an entry of the audit log, of who looked at whom and what for."""

from __future__ import annotations

from uuid import UUID

from backend.core import audit_trail
from backend.core.database import Connection


async def record_look(tx: Connection, *, actor: str, what: str, person_id: UUID | None, purpose: str) -> None:
    """Say that somebody looked; without a person: for somebody of whom nothing is known."""
    await audit_trail.record(
        tx,
        actor=actor,
        action="privacy.person.viewed",
        resource_type="person",
        resource_id="unknown" if person_id is None else str(person_id),
        after={"what": what},
        reason=purpose,
    )
