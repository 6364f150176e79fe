"""P4: a backtest of twenty rules over a million orders against one sequential aggregate over the same rows.

The aggregate looks once at each column the rules ask for: what any replay has to read. The backtest does that for two
sets (a draft that changes four of the published rules), counts by rule, action, day and outcome, takes samples and
works out a curve for each number in the draft.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from backend.core.database import Database
from backend.risk.backtest import actions
from backend.risk.backtest.reads import find_backtest
from backend.risk.backtest.run import run as work_off
from backend.runtime.embedded_postgres import DATABASE, OWNER
from backend.runtime.worker import STATEMENT_SECONDS
from benchmarks.shop import empty_database
from benchmarks.table import Result
from models.risk.backtest import BacktestDraft
from models.risk.metrics import METRICS, MetricType
from models.risk.rules import FraudRule

ORDERS = int(os.environ.get("OPSCONSOLE_BENCH_ORDERS", "1000000"))
ROUNDS = 3
DAYS = 90


def _condition(metric: str, operator: str, value: Any) -> dict[str, Any]:
    return {"metric": metric, "operator": operator, "value": value}


def _rule(number: int, action: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "ruleId": f"rule-{number}",
        "description": "As in the sample shop",
        "conditions": list(conditions),
        "severity": 20 + number,
        "action": action,
    }


RULES = [
    _rule(1, "review", _condition("card_orders_1h", "gt", 7)),
    _rule(2, "block", _condition("card_orders_10m", "gt", 9)),
    _rule(3, "review", _condition("ip_orders_1h", "gt", 12)),
    _rule(4, "review", _condition("device_orders_24h", "gt", 15)),
    _rule(5, "flag", _condition("email_orders_24h", "gt", 10)),
    _rule(6, "review", _condition("customer_amount_24h", "gt", 400_000)),
    _rule(7, "review", _condition("ip_card_differ", "is", True), _condition("order_value", "gt", 80_000)),
    _rule(8, "review", _condition("customer_age", "lt", 60), _condition("order_value", "gt", 50_000)),
    _rule(9, "flag", _condition("email_domain", "in", ["mail3.test", "mail4.test", "mail5.test"])),
    _rule(10, "flag", _condition("hour_of_day", "lt", 5), _condition("order_value", "gt", 60_000)),
    _rule(11, "review", _condition("customer_refunds", "gte", 3)),
    _rule(12, "block", _condition("customer_chargebacks", "gte", 1)),
    _rule(13, "flag", _condition("item_count", "gt", 18)),
    _rule(14, "review", _condition("billing_shipping_differ", "is", True), _condition("customer_orders", "lt", 1)),
    _rule(15, "review", _condition("payment_method_age", "lt", 10), _condition("billing_card_differ", "is", True)),
    _rule(16, "flag", _condition("billing_country", "in", ["C1", "C2"]), _condition("order_value", "gt", 90_000)),
    _rule(17, "review", _condition("card_amount_1h", "gt", 600_000)),
    _rule(18, "block", _condition("card", "in_list", "stolen")),
    _rule(
        19,
        "review",
        {"any": [_condition("ip_orders_10m", "gt", 15), _condition("device_orders_10m", "gt", 15)]},
        _condition("customer_orders", "lt", 3),
    ),
    _rule(20, "flag", _condition("currency", "ne", "EUR"), _condition("order_value", "gt", 70_000)),
]
DRAFT = [
    _rule(1, "review", _condition("card_orders_1h", "gt", 6)),
    RULES[1],
    _rule(3, "block", _condition("ip_orders_1h", "gt", 14)),
    *RULES[3:10],
    _rule(11, "review", _condition("customer_refunds", "gte", 2)),
    *RULES[11:19],
    _rule(21, "review", _condition("hour_of_day", "lt", 4), _condition("customer_age", "lt", 600)),
]


def _columns() -> dict[str, str]:
    """An expression for every metric: small numbers are common, large ones rare, a tenth of the texts is missing."""
    found = {}
    for number, metric in enumerate(METRICS.values(), 1):
        spread = f"(hashint8(n * {number}::bigint) & 1048575)"
        if metric.key == "hour_of_day":
            found[metric.key] = f"{spread} % 24"
        elif metric.key == "currency":
            found[metric.key] = "case when n % 10 = 0 then 'USD' else 'EUR' end"
        elif metric.kind is MetricType.NUMBER:
            # Half are 1, a quarter 2, and so on.
            found[metric.key] = f"least(200, 1 + floor(-ln((1 + {spread}) / 1048577.0) * 1.4427))::integer"
        elif metric.kind in {MetricType.MONEY, MetricType.MINUTES}:
            found[metric.key] = f"{spread} % 100000"
        elif metric.kind is MetricType.FLAG:
            found[metric.key] = f"{spread} % 20 = 0"
        elif metric.key == "email_domain":
            found[metric.key] = f"'mail' || {spread} % 100 || '.test'"
        elif metric.key.endswith("country"):
            found[metric.key] = f"'C' || {spread} % 60"
        else:
            found[metric.key] = f"case when {spread} % 10 > 0 then '{metric.key}-' || {spread} % 100000 end"
    return found


def _load(connection: psycopg.Connection[Any], orders: int) -> None:
    columns = _columns()
    # Those of velocity serve checks; filling them would take longer than all the rest.
    for subject in ("customer_id", "email", "ip", "card", "device"):
        connection.execute(f"drop index risk_order_by_{subject}".encode())
    connection.execute(
        f"insert into risk_order (id, source, placed_at, minor, {', '.join(columns)}, lists)"
        f" select 'o' || n, 'check', now() - interval '{DAYS - 1} days' * (1 - n::float8 / ({orders} + 1)), 1,"
        f" {', '.join(columns.values())}, case when n % 500 = 0 then '{{stolen:card}}'::text[] else '{{}}' end"
        f" from generate_series(1, {orders}) as n".encode()
    )
    connection.execute(
        "insert into risk_outcome (id, order_id, kind, happened_at, currency, minor)"
        f" select 'f' || n, 'o' || n * 200, 'chargeback', now(), 'EUR', 1 from generate_series(1, {orders // 200}) as n"
    )
    connection.execute("insert into risk_list (id, title, kind, metric) values ('stolen', 'Stolen', 'custom', 'card')")
    connection.execute("insert into risk_list (id, title, kind, metric) values ('vip', 'VIP', 'allow', 'customer_id')")
    connection.execute("update risk_rule_set set rules = %s where state = 'published'", (_as_json(RULES),))
    connection.execute("vacuum analyze")


def _as_json(rules: list[dict[str, Any]]) -> Jsonb:
    return Jsonb([FraudRule.model_validate(rule).model_dump(mode="json", by_alias=True) for rule in rules])


def _aggregate() -> sql.Composed:
    """Each column the rules ask for, once."""
    asked = {each.metric for rule in RULES + DRAFT for each in FraudRule.model_validate(rule).each_condition()}
    parts = []
    for key in sorted(asked):
        kind = METRICS[key].kind
        form = "count({})" if kind in {MetricType.TEXT, MetricType.FLAG} else "sum({})"
        parts.append(sql.SQL(form).format(sql.Identifier(key)))
    return sql.SQL("select count(*), {} from risk_order").format(sql.SQL(", ").join(parts))


async def _backtest(database: Database) -> float:
    draft = BacktestDraft.model_validate({"rules": DRAFT, "days": DAYS})
    async with database.transaction() as tx:
        backtest_id = UUID((await actions.ask(tx, actor="ada", request=draft)).backtest_id)
    begun = time.perf_counter()
    await work_off(database, backtest_id, "EUR")
    seconds = time.perf_counter() - begun
    async with database.read() as connection:
        done = await find_backtest(connection, backtest_id)
    if done.result is None or done.result.orders != ORDERS:
        raise RuntimeError(f"the backtest ended {done.state}: {done.problem}")
    return seconds


async def _measure(url: str, owner: str) -> tuple[float, float]:
    database = Database(url, statement_seconds=STATEMENT_SECONDS)
    await database.open()
    figures, floors = [], []
    with psycopg.connect(owner, autocommit=True) as connection:
        # One process each: the slices of a backtest are too small to be shared among several.
        connection.execute("set max_parallel_workers_per_gather = 0")
        for _ in range(ROUNDS + 1):
            begun = time.perf_counter()
            connection.execute(_aggregate())
            floors.append(time.perf_counter() - begun)
            figures.append(await _backtest(database))
    await database.close()
    # The first round warms the cache.
    return statistics.median(figures[1:]), statistics.median(floors[1:])


def run() -> list[Result]:
    """Turn by turn on one table."""
    with empty_database() as server:
        with psycopg.connect(server.url(OWNER, DATABASE), autocommit=True) as connection:
            _load(connection, ORDERS)
        figure, floor = asyncio.run(_measure(server.url(), server.url(OWNER, DATABASE)))
    return [Result(f"P4 backtest, 20 rules, {ORDERS:,} orders", figure, floor, "s", 3.0)]
