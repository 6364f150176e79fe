"""The documented example over real orders: its backtest says what plain Python makes of the file."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import backend
from backend.core.settings import Settings
from backend.risk.backfill import TURN_MOST, backfill
from backend.risk.backtest import actions
from backend.risk.backtest import run as running
from backend.risk.backtest.reads import find_backtest
from backend.risk.outcomes import upserts
from models.risk.backtest import BacktestDraft
from models.shop.ingest import OutcomeIn
from tests.backend.shop.fixtures import COLUMNS, DATA, REAL, bring_in

PAGE = Path(backend.__file__).parents[1] / "docs" / "operators" / "fraud-example.md"
BEGIN, END = datetime(2011, 1, 1, tzinfo=UTC), datetime(2011, 5, 1, tzinfo=UTC)
ENTRY = ("review", "block")


def rules() -> list[dict[str, Any]]:
    """The rules as the page has them."""
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    told: list[dict[str, Any]] = json.loads(found[1])
    return told


class Row:
    """A line of the file."""

    def __init__(self, line: dict[str, str]) -> None:
        self.id = line["invoice_no"]
        self.at = datetime.fromisoformat(line["invoice_date"]).replace(tzinfo=UTC)
        self.customer = line["customer_id"] or None
        self.country = line["country"]
        self.pence = int(Decimal(line["total_gbp"]) * 100)


def fired(order: Row, earlier: list[Row], refunds: list[Row]) -> list[str]:
    """What the table of the page says about an order, by hand. ``earlier``: orders of its customer before it."""
    day = sum(order.at - timedelta(hours=24) < each.at for each in earlier) + 1
    week = sum(each.pence for each in earlier if order.at - timedelta(days=7) < each.at) + order.pence
    refunded = sum(each.at <= order.at for each in refunds)
    known = order.customer is not None
    says = {
        "many-orders-a-day": known and day > 3,
        "much-in-a-week": known and week > 5_000_00,
        "large-first-order": known and order.pence > 1_000_00 and not earlier,
        "refunds-before": known and refunded >= 5 and order.pence > 500_00,
        "odd-hours": order.at.hour < 8 or order.at.hour >= 19,
        "large-abroad": order.country in {"Germany", "France"} and order.pence > 1_500_00,
        "very-large": order.pence >= 10_000_00,
    }
    return [name for name, holds in says.items() if holds]


def by_hand() -> tuple[list[tuple[Row, list[str]]], dict[str, Row]]:
    """Orders of the period with the rules that fire; and those given back to the penny within 30 days, by refund."""
    with gzip.open(REAL, "rt", encoding="utf-8", newline="") as file:
        rows = [Row(line) for line in csv.DictReader(file)]
    orders = sorted((row for row in rows if row.pence >= 0), key=lambda row: (row.at, row.id))
    refunds: defaultdict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        if row.pence < 0:
            refunds[row.customer].append(row)
    earlier: defaultdict[str | None, list[Row]] = defaultdict(list)
    found, given_back = [], {}
    for order in orders:
        mine, theirs = ([], []) if order.customer is None else (earlier[order.customer], refunds[order.customer])
        if BEGIN < order.at <= END:
            found.append((order, fired(order, mine, theirs)))
            for refund in theirs:
                if refund.pence == -order.pence and order.at <= refund.at <= order.at + timedelta(days=30):
                    given_back[refund.id] = order
        mine.append(order)
    return found, given_back


@pytest.mark.skipif(not REAL.exists(), reason=f"the real orders are not at {DATA}; set OPSCONSOLE_TEST_DATA")
async def test_the_example_over_real_orders(open_database: Callable[[], Any], settings: Settings) -> None:
    found, given_back = by_hand()
    async with open_database() as database:
        await bring_in(database, REAL, COLUMNS)
        async with database.read() as connection:
            waiting = await (await connection.execute("select count(*) from risk_pending")).fetchone()
        assert waiting is not None
        for _ in range(0, waiting[0], TURN_MOST):
            await backfill(database, settings)
        async with database.transaction() as tx:
            await upserts.outcomes(
                tx,
                [
                    OutcomeIn(
                        id=refund,
                        order_id=order.id,
                        kind="fraud_refund",
                        happened_at=order.at,
                        currency="GBP",
                        amount=order.pence,
                    )
                    for refund, order in given_back.items()
                ],
            )
        draft = BacktestDraft.model_validate({"rules": rules(), "from": BEGIN, "to": END})
        async with database.transaction() as tx:
            asked = await actions.ask(tx, actor="ada", request=draft)
        await running.run(database, UUID(asked.backtest_id), "GBP")
        async with database.read() as connection:
            done = await find_backtest(connection, UUID(asked.backtest_id))
    assert done.result is not None, done.problem
    result = done.result
    acts = {rule["ruleId"]: rule["action"] for rule in rules()}
    counted: Counter[str] = Counter()
    worth: Counter[str] = Counter()
    actions_by_hand: Counter[str] = Counter()
    loads: Counter[Any] = Counter()
    frauds = {order.id for order in given_back.values()}
    caught = held = 0
    for order, names in found:
        for name in names:
            counted[name] += 1
            worth[name] += order.pence
        action = max((acts[name] for name in names), key=("flag", "review", "block").index, default="approve")
        actions_by_hand[action] += 1
        if action in ENTRY:
            held += 1
            caught += order.id in frauds
            loads[order.at.date()] += 1
    assert result.orders == len(found) > 5_000
    assert result.amount == sum(order.pence for order, _ in found)
    assert {each.rule_id: each.orders for each in result.draft.rules} == {name: counted[name] for name in acts}
    assert {each.rule_id: each.amount for each in result.draft.rules} == {name: worth[name] for name in acts}
    assert min(counted.values()) > 0, "each rule of the example says something about these orders"
    assert {each.action.value: each.orders for each in result.draft.actions if each.orders} == dict(actions_by_hand)
    assert result.draft.entries == held
    assert (result.draft.outcomes.true_positive, result.draft.outcomes.false_negative) == (caught, len(frauds) - caught)
    assert len(frauds) > 20
    assert {each.day: each.entries for each in result.load} == dict(loads)
    assert result.curve_every == 1
    hours = next(curve for curve in result.curves if curve.rule_id == "very-large")
    for point in hours.points:
        assert point.orders == sum(order.pence >= point.value for order, _ in found)
