"""What a dashboard shows of alerts: the unacknowledged ones, the limits, and which figures are over theirs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from psycopg.rows import dict_row

from backend.alerts.actions import queries
from backend.core.database import Connection
from backend.core.rows import lenient_row, read_row, readable
from models.alerts import AlertRule, AlertState, AlertSummary, Comparison, Severity
from models.dashboard import Threshold
from models.figures import COUNTED, FigureName

SHOWN_MOST = 200


async def for_dashboard(connection: Connection, as_of: datetime) -> tuple[tuple[AlertSummary, ...], int]:
    """Alerts that were active and not shelved at ``as_of``, most severe first, at most 200; and how many in all."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.dashboard_alerts, {"as_of": as_of, "limit": SHOWN_MOST}, prepare=True)
        rows = await cursor.fetchall()
    total = rows[0]["total"] if rows else 0
    return readable(read_row(AlertSummary, row) for row in rows), total


async def rules_now(connection: Connection) -> tuple[AlertRule, ...]:
    """Every rule as it is."""
    async with connection.cursor(row_factory=lenient_row(AlertRule)) as cursor:
        await cursor.execute(queries.rules, {"rule_id": None}, prepare=True)
        return readable(await cursor.fetchall())


async def rules_at(connection: Connection, as_of: datetime) -> tuple[AlertRule, ...]:
    """Every rule as it was at a past instant."""
    cursor = await connection.execute(queries.rules_at, {"as_of": as_of}, prepare=True)
    return readable([read_row(AlertRule, after) for (after,) in await cursor.fetchall()])


def in_force(rules: Iterable[AlertRule], range_days: int) -> tuple[AlertRule, ...]:
    """Those that are enabled and limit what a dashboard of this range shows."""
    return tuple(
        rule for rule in rules if rule.enabled and (rule.range_days == range_days or rule.figure not in COUNTED)
    )


def thresholds(rules: Iterable[AlertRule], range_days: int) -> dict[FigureName, Threshold]:
    """The strictest limit in force of each figure that has one; between a minimum and a maximum the more severe."""
    strictest: dict[tuple[FigureName, Comparison], AlertRule] = {}
    for rule in sorted(in_force(rules, range_days), key=_strictness):
        strictest.setdefault((rule.figure, rule.comparison), rule)
    found: dict[FigureName, Threshold] = {}
    for rule in sorted(strictest.values(), key=lambda rule: (rule.severity, rule.comparison, rule.id)):
        found.setdefault(
            rule.figure,
            Threshold(
                rule_id=rule.id,
                comparison=rule.comparison,
                value=rule.value,
                severity=rule.severity,
                range_days=rule.range_days,
                for_seconds=rule.for_seconds,
            ),
        )
    return found


def _strictness(rule: AlertRule) -> tuple[float, Severity, str]:
    return (rule.value if rule.comparison is Comparison.ABOVE else -rule.value, rule.severity, rule.id)


async def open_conditions(connection: Connection, as_of: datetime, range_days: int) -> dict[FigureName, AlertState]:
    """Figures over their limit now: active while an alert waits for somebody, else acknowledged.

    A shelved alert counts as acknowledged: somebody has looked at it and put it aside.
    """
    cursor = await connection.execute(queries.open_conditions, {"as_of": as_of, "range": range_days}, prepare=True)
    return {FigureName(figure): AlertState(urgency) for figure, urgency in await cursor.fetchall()}
