"""Reading alerts and their rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row
from models.alerts import Alert, AlertList, AlertRule
from models.core.problems import Code

queries = load_queries(__package__)


async def find_rule(connection: Connection, rule_id: UUID) -> AlertRule:
    """The rule; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(AlertRule)) as cursor:
        await cursor.execute(queries.rules, {"rule_id": rule_id})
        rule = await cursor.fetchone()
    if rule is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such alert rule.")
    return rule


async def alerts(
    connection: Connection,
    *,
    as_of: datetime,
    states: Sequence[AlertList] | None,
    before: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Alert | Unreadable]:
    """Alerts as they were at ``as_of``, newest first, after the one raised at ``before``."""
    async with connection.cursor(row_factory=lenient_row(Alert)) as cursor:
        await cursor.execute(
            queries.alerts_page,
            {
                "as_of": as_of,
                "states": None if states is None else [each.value for each in states],
                "raised_at": before[0],
                "alert_id": before[1],
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def alert_at(connection: Connection, alert_id: UUID, as_of: datetime) -> Alert:
    """An alert as it was at an instant; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(Alert)) as cursor:
        await cursor.execute(queries.alert_at, {"alert_id": alert_id, "as_of": as_of})
        alert = await cursor.fetchone()
    if alert is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such alert.")
    return alert


async def rules(connection: Connection, *, after: UUID | None, limit: int) -> list[AlertRule | Unreadable]:
    """Alert rules, oldest first."""
    async with connection.cursor(row_factory=lenient_row(AlertRule)) as cursor:
        await cursor.execute(queries.rules_page, {"after": after, "limit": limit})
        return await cursor.fetchall()
