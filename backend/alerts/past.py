"""Which figures were over their limit at a past instant, by the limits, acknowledgements and values of then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from backend.alerts.actions import queries
from backend.alerts.decide import broken_then
from backend.alerts.evaluate import reading_of
from backend.alerts.summary import in_force
from backend.core.database import Connection
from backend.figures import figures_at
from models.alerts import AlertRule, AlertState
from models.dashboard import DashboardFigures, SourceStatus
from models.figures import FigureName, SourceName


async def open_conditions_then(
    connection: Connection,
    rules: Iterable[AlertRule],
    as_of: datetime,
    range_days: int,
    shown: DashboardFigures,
    sources: Mapping[SourceName, SourceStatus],
) -> dict[FigureName, AlertState]:
    """Figures over their limit at ``as_of``: active unless somebody had acknowledged or shelved the alert by then.

    Judged by the values that are ``shown`` of that instant, so that a tile never contradicts its own number: what came
    late or was corrected since is in both.
    """
    cursor = await connection.execute(queries.open_breaches, {"as_of": as_of}, prepare=True)
    alerts = {rule_id: (waiting, held) for rule_id, waiting, held in await cursor.fetchall()}
    figures = {range_days: shown}
    found: dict[FigureName, AlertState] = {}
    for rule in in_force(rules, range_days):
        if rule.range_days not in figures:
            figures[rule.range_days] = await figures_at(connection, as_of, rule.range_days, seen_at=as_of)
        waiting, held = alerts.get(rule.id, (True, False))
        if broken_then(rule, reading_of(rule, figures[rule.range_days], sources), as_of, held=held):
            urgency = AlertState.ACTIVE if waiting else AlertState.ACKNOWLEDGED
            found[rule.figure] = max(found.get(rule.figure, urgency), urgency)  # "active" sorts last
    return found
