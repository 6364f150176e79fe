"""Evaluate every rule against the figures of this moment. Runs in the worker, every 10 s."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.rows import class_row, dict_row

from backend.alerts import actions
from backend.alerts.actions import queries
from backend.alerts.decide import Reading, Transition, Watch, decide, unshelve
from backend.core.audit_trail import WORKER
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.figures import figures_at, sources_at, value_of
from models.alerts import Alert, AlertCondition, AlertRule
from models.dashboard import DashboardFigures, SourceStatus
from models.figures import FIGURES, SourceName

_aside = SetAside("alert evaluation")


async def evaluate(db: Database, settings: Settings) -> None:
    """Raise, return and clear alerts as the figures say. Of several workers one evaluates, the others do nothing."""
    async with db.transaction() as tx:
        cursor = await tx.execute(queries.try_evaluation_lock)
        if await cursor.fetchone() != (True,):
            return
        await _end_shelves(tx)
        await evaluate_within(tx, settings)


async def _end_shelves(tx: Connection) -> None:
    """Bring back alerts without a rule when their time on the shelf is over."""
    now = await clock(tx)
    async with tx.cursor(row_factory=class_row(Alert)) as cursor:
        await cursor.execute(queries.lock_shelf_ended, {"at": now})
        ended = await cursor.fetchall()
    await actions.apply(tx, [unshelve(alert) for alert in ended], actor=WORKER, at=await clock(tx))


async def evaluate_within(tx: Connection, settings: Settings) -> None:
    """One evaluation within a transaction that holds the evaluation lock."""
    rules = await _rules(tx)
    if not rules:
        return
    open_alerts = await _open_alerts(tx)
    watches = await _watches(tx)
    now = await clock(tx)
    figures = {days: await figures_at(tx, now, days) for days in {rule.range_days for rule in rules}}
    sources = await sources_at(tx, now, settings)
    ids = iter(await _new_ids(tx, 2 * len(rules)))

    transitions: list[Transition] = []
    remembered: list[dict[str, Any]] = []
    for rule in rules:
        try:
            reading = reading_of(rule, figures[rule.range_days], sources)
            decision = decide(rule, watches.get(rule.id), open_alerts[rule.id], reading, now, ids.__next__)
        except (ValueError, ArithmeticError, LookupError) as error:
            _aside.put(rule.id, error)
            continue
        transitions += decision.transitions
        watch = decision.watch
        remembered.append(
            {
                "rule_id": rule.id,
                "since": watch.since,
                "breaking_since": watch.breaking_since,
                "evaluated_at": watch.evaluated_at,
            }
        )
    await actions.apply(tx, transitions, actor=WORKER, at=now)
    async with tx.cursor() as cursor:
        await cursor.executemany(queries.keep_watch, remembered)


def reading_of(rule: AlertRule, figures: DashboardFigures, sources: Mapping[SourceName, SourceStatus]) -> Reading:
    """What a rule's figure and its source say; ``figures`` are those of the rule's range."""
    return Reading(value_of(figures, rule.figure), sources[FIGURES[rule.figure].source].data_through)


async def _rules(tx: Connection) -> list[AlertRule]:
    rules = []
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.rules, {"rule_id": None})
        for row in await cursor.fetchall():
            try:
                rules.append(AlertRule(**row))
            except ValueError as error:
                _aside.put(row["id"], error)
    return rules


async def _open_alerts(tx: Connection) -> dict[str, dict[AlertCondition, Alert]]:
    found: dict[str, dict[AlertCondition, Alert]] = defaultdict(dict)
    async with tx.cursor(row_factory=class_row(Alert)) as cursor:
        await cursor.execute(queries.lock_open)
        for alert in await cursor.fetchall():
            found[alert.rule_id or ""][alert.cause] = alert
    return found


async def _watches(tx: Connection) -> dict[str, Watch]:
    cursor = await tx.execute(queries.watches)
    rows: list[tuple[str, datetime, datetime | None, datetime]] = await cursor.fetchall()
    return {rule_id: Watch(since, breaking, at) for rule_id, since, breaking, at in rows}


async def _new_ids(tx: Connection, count: int) -> list[str]:
    cursor = await tx.execute(queries.new_ids, {"count": count})
    return [row[0] for row in await cursor.fetchall()]
