"""Reading rules, and the alerts of an incident."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.incidents.alerts import queries
from models.incidents.alerts import AttachedAlert
from models.incidents.matrix import IncidentRule


async def rule(connection: Connection, rule_id: UUID) -> IncidentRule:
    """One rule; raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(IncidentRule)) as cursor:
        await cursor.execute(queries.rules, {"rule_id": rule_id, "after": None, "limit": 1})
        return the_one(await cursor.fetchall(), "There is no such rule.")


async def rules(connection: Connection, *, after: UUID | None, limit: int | None) -> list[IncidentRule | Unreadable]:
    """Rules, oldest first."""
    async with connection.cursor(row_factory=lenient_row(IncidentRule)) as cursor:
        await cursor.execute(queries.rules, {"rule_id": None, "after": after, "limit": limit})
        return await cursor.fetchall()


async def attached(
    connection: Connection, incident_id: UUID, *, after: tuple[datetime | None, UUID | None], limit: int
) -> list[AttachedAlert | Unreadable]:
    """Alerts of an incident, the one attached last first, behind the last one of the page before."""
    values = {"incident_id": incident_id, "attached_at": after[0], "alert_id": after[1], "limit": limit}
    async with connection.cursor(row_factory=lenient_row(AttachedAlert)) as cursor:
        await cursor.execute(queries.attached, values)
        return await cursor.fetchall()
