"""Who is on call is paged for incidents: the one place that speaks to on-call."""

from __future__ import annotations

from collections.abc import Sequence

from backend.core.database import Connection
from models.incidents import IncidentRecord


async def known_policies(tx: Connection, policy_ids: Sequence[str | None], pointer: str) -> None:
    """Raises ProblemError 422 at the pointer when one of them is no escalation policy."""


async def page(tx: Connection, incident: IncidentRecord, policy_id: str | None, *, actor: str) -> None:
    """Page a policy for an incident; ``None``: nobody."""


async def acknowledge(tx: Connection, incident: IncidentRecord, *, actor: str) -> None:
    """Somebody works on it: nobody else is woken."""


async def stop(tx: Connection, incident: IncidentRecord, *, actor: str, reason: str) -> None:
    """Nobody needs to come any more."""


async def page_ids(connection: Connection, incident_ids: Sequence[str]) -> tuple[str, ...]:
    """The pages that were sent for these incidents."""
    return ()
