"""Everything that changes backtests. Asking and cancelling are audited; the work itself writes only its own row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.defer import defer
from backend.core.http import known_id
from backend.core.problems import ProblemError
from backend.risk.backtest.reads import find_backtest
from backend.risk.rule_sets.actions import as_json, check_lists
from backend.risk.rule_sets.reads import find_rule_set
from models.core.problems import Code
from models.risk.backtest import Backtest, BacktestCircumstances, BacktestDraft, BacktestResult, BacktestState

queries = load_queries(__package__)

LIVE_MOST = 20
"""Backtests that wait or run; more are refused."""
LOST_SECONDS = 300
"""A backtest whose worker has said nothing for so long is lost."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A backtest that a worker has taken up; whoever takes it up later, or cancels it, changes the version."""

    backtest_id: UUID
    rule_set_id: UUID | None
    rules: list[Any]
    placed_from: datetime
    placed_to: datetime
    circumstances: BacktestCircumstances
    attempts: int
    version: int


async def ask(tx: Connection, *, actor: str, request: BacktestDraft) -> Backtest:
    """Ask for a backtest; a worker takes it up. Unknown set: 404. Unknown lists: 422. Too many at once: 409."""
    rule_set_id = known_id(request.rule_set_id, "rule set") if request.rule_set_id is not None else None
    if rule_set_id is not None:
        rules = (await find_rule_set(tx, rule_set_id)).rules
    else:
        rules = request.rules or ()
        await check_lists(tx, rules)
    live = await (await tx.execute(queries.live_backtests)).fetchone()
    if live is not None and live[0] >= LIVE_MOST:
        raise ProblemError(Code.CONFLICT, f"{LIVE_MOST} backtests wait already: cancel one, or wait for one to finish.")
    values = {
        "rule_set_id": rule_set_id,
        "rules": as_json(rules),
        "from": request.from_,
        "to": request.to,
        "days": request.days or 0,
        "circumstances": request.circumstances,
        "actor": actor,
    }
    row = await (await tx.execute(queries.insert_backtest, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await defer(tx, "risk.backtest", backtest_id=str(row[0]))
    found = await find_backtest(tx, row[0])
    await _record(tx, actor, "asked", found)
    return found


async def cancel(tx: Connection, *, actor: str, backtest_id: UUID) -> Backtest:
    """End a backtest that waits or runs. Cancelled already: stays so. Done or failed: 409."""
    row = await (await tx.execute(queries.cancel_backtest, {"backtest_id": backtest_id})).fetchone()
    found = await find_backtest(tx, backtest_id)
    if row is not None:
        await _record(tx, actor, "cancelled", found)
    elif found.state is BacktestState.CANCELLED:
        audit_trail.nothing_changed()
    else:
        raise ProblemError(Code.CONFLICT, f"This backtest is {found.state} already.")
    return found


async def claim(tx: Connection, backtest_id: UUID) -> Claim | None:
    """Take it up, from the beginning; ``None`` when it is over."""
    row = await (await tx.execute(queries.claim_backtest, {"backtest_id": backtest_id})).fetchone()
    if row is None:
        return None
    rule_set_id, rules, placed_from, placed_to, circumstances, attempts, version = row
    return Claim(
        backtest_id,
        rule_set_id,
        rules,
        placed_from,
        placed_to,
        BacktestCircumstances(circumstances),
        attempts,
        version,
    )


async def beat(tx: Connection, mine: Claim, progress: float) -> bool:
    """Say that it is being worked on, and how far (0 to 1); false when it is no longer ours."""
    values = {"backtest_id": mine.backtest_id, "version": mine.version, "progress": progress}
    return (await tx.execute(queries.beat_backtest, values)).rowcount == 1


async def finish(tx: Connection, mine: Claim, result: BacktestResult) -> None:
    """Keep the result, if it is still wanted."""
    values = {
        "backtest_id": mine.backtest_id,
        "version": mine.version,
        "result": Jsonb(result.model_dump(mode="json", by_alias=True)),
    }
    await tx.execute(queries.finish_backtest, values)


async def fail(tx: Connection, mine: Claim, problem: str) -> None:
    """Say why there will be no result."""
    values = {"backtest_id": mine.backtest_id, "version": mine.version, "problem": problem}
    await tx.execute(queries.fail_backtest, values)


async def fail_lost(tx: Connection) -> int:
    """End those that nobody works on any more; how many there were."""
    problem = "The worker that ran it ended in the middle. Ask again."
    return (await tx.execute(queries.fail_lost_backtests, {"seconds": LOST_SECONDS, "problem": problem})).rowcount


async def _record(tx: Connection, actor: str, what: str, found: Backtest) -> None:
    shown = {"rule_set_id", "rule_set_number", "from_", "to", "circumstances", "state"}
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"risk.backtest.{what}",
        resource_type="risk_backtest",
        resource_id=found.backtest_id,
        label=found.rule_set_title,
        version=found.version,
        after=found.model_dump(mode="json", by_alias=True, include=shown) | {"rules": len(found.rules)},
    )
