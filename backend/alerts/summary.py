"""What a dashboard shows of alerts: the unacknowledged ones, the limits, and which figures are over theirs."""

from __future__ import annotations

from datetime import datetime

from psycopg.rows import dict_row

from backend.alerts.actions import queries
from backend.core.database import Connection
from models.alerts import AlertState, AlertSummary, Severity
from models.dashboard import Threshold
from models.figures import FigureName

SHOWN_MOST = 200


async def for_dashboard(connection: Connection, as_of: datetime) -> tuple[tuple[AlertSummary, ...], int]:
    """Alerts that were active and not shelved at ``as_of``, most severe first, at most 200; and how many in all."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.dashboard_alerts, {"as_of": as_of, "limit": SHOWN_MOST}, prepare=True)
        rows = await cursor.fetchall()
    total = rows[0]["total"] if rows else 0
    return tuple(AlertSummary(**row) for row in rows), total


async def thresholds(connection: Connection, range_days: int) -> dict[FigureName, Threshold]:
    """The strictest enabled limit of each figure that has one; between a minimum and a maximum the more severe.

    Counts grow with their range, so a limit on them is only given for the range it was made for.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.thresholds, {"range": range_days}, prepare=True)
        return {FigureName(row["figure"]): Threshold(**row) for row in await cursor.fetchall()}


async def open_conditions(
    connection: Connection, as_of: datetime, range_days: int
) -> dict[FigureName, tuple[AlertState, Severity]]:
    """Figures over their limit at ``as_of``: active while an alert waits for somebody, else acknowledged.

    A shelved alert counts as acknowledged: somebody has looked at it and put it aside.
    """
    cursor = await connection.execute(queries.open_conditions, {"as_of": as_of, "range": range_days}, prepare=True)
    return {
        FigureName(figure): (AlertState(urgency), Severity(severity))
        for figure, urgency, severity in await cursor.fetchall()
    }
