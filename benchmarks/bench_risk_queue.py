"""The risk queue with a hundred thousand open entries, against a one-row SELECT of the same server; p95 in ms.

Fifty analysts take the next entry at once and never get the same one; a case, a page in each order, and the counts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Annotated, Any

import httpx
import psycopg
from fastapi import APIRouter

from backend.core import logs
from backend.core.dependencies import Read
from backend.core.http import operations_router
from backend.core.security import Principal, require
from backend.core.settings import Settings
from backend.runtime.embedded_postgres import DATABASE, OWNER
from benchmarks.bench_dashboard import seed
from benchmarks.shop import empty_database
from benchmarks.table import Result
from models.core.permissions import Permission
from tests.conftest import Api, serve_in_thread

ENTRIES = 100_000
ANALYSTS = 50
TAKES = 20
QUEUE = "/api/risk/queue"
FLOOR = "/api/risk/benchmark-floor"
PAGES = {
    "by score": "",
    "by amount": "sort=amount",
    "soonest due": "sort=due",
    "oldest": "sort=age",
    "a rare rule": "rule=rule-999",
    "a common rule": "rule=velocity-card",
    "a word few have": "text=cs-4711",
    "a word many have": "text=velocity",
    "a word none has": "text=nowhere",
    "a country": "text=ng",
    "mine": "assignedTo=me",
    "snoozed": "snoozed=true",
    "high and dear": "scoreMin=95&amountMin=90000&sort=age",
}

LOAD = """
insert into risk_order (id, source, placed_at, minor, currency, customer_id, email, ip, card, device, order_value)
select 'CS-' || n, 'check', now() - interval '24 hours' * (n::float8 / {entries}), n * 7919 % 100000, 'EUR',
       'C-' || n % 60000, 'p' || n % 60000 || '@shop.example', '10.' || n % 250 || '.' || n % 200 || '.' || n % 8,
       case when n % 20 = 0 then 'hot' else 'card-' || n % 70000 end, 'device-' || n % 80000, n * 7919 % 100000
  from generate_series(1, {entries}) n;
insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation)
select o.id, s.id, o.minor % 101, 'review', '{{velocity-card}}',
       '[{{"ruleId": "velocity-card", "description": "Card", "severity": 40, "action": "review", "conditions": [
          {{"metric": "card_orders_1h", "operator": "gt", "value": 3, "actual": 5, "holds": true}}]}}]'
  from risk_order as o, risk_rule_set as s;
insert into risk_payload (order_id, payload)
select id, '{{"customer": {{"name": "Eve"}}, "items": [{{"title": "A320 pack", "quantity": 2}}]}}' from risk_order;
insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, reporting_minor, customer_id,
                        email, card, card_last4, card_country, ip, ip_country, device, created_at, due_at)
select o.id, o.minor % 101, 'review',
       array['velocity-card', 'rule-' || o.seq % 1000], o.placed_at, 'EUR', o.minor, o.order_value, o.customer_id,
       o.email, o.card, '4417', (array['DE', 'FR', 'US', 'GB'])[1 + o.seq % 4], o.ip,
       (array['DE', 'NG', 'VN'])[1 + o.seq % 3], o.device, o.placed_at, o.placed_at + interval '24 hours'
  from risk_order as o order by o.seq;
update risk_entry set snoozed_until = now() + interval '1 day'
 where id in (select id from risk_entry order by id limit 500);
"""


async def _p95(url: str, clients: int, total: int, ask: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> float:
    """Of ``total`` requests by ``clients`` at a time."""
    taken: list[float] = []
    left = iter(range(total))

    async def client() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:
            for _ in left:
                begun = time.perf_counter()
                await ask(http)
                taken.append((time.perf_counter() - begun) * 1000)

    await asyncio.gather(*(client() for _ in range(clients)))
    return quantiles(taken, n=20)[-1]


def _floor() -> APIRouter:
    router = operations_router("/api/risk", "benchmark")

    @router.get("/benchmark-floor")
    async def one_row(_: Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)], connection: Read) -> dict[str, int]:
        cursor = await connection.execute("select minor from risk_order where id = 'CS-1'", prepare=True)
        (minor,) = await cursor.fetchone() or (0,)
        return {"minor": minor}

    return router


@contextmanager
def _serve() -> Iterator[tuple[str, dict[str, str]]]:
    """An API on that queue: its address, and headers of an analyst."""
    with empty_database() as server:
        with psycopg.connect(server.url(OWNER, DATABASE), autocommit=True) as connection:
            connection.execute(LOAD.format(entries=ENTRIES).encode())
            connection.execute("vacuum analyze")
        settings = Settings(database_url=server.url(), token_key="b" * 40, pool_size=16)
        asyncio.run(seed(settings))
        url, stop = serve_in_thread(settings, _floor())
        try:
            yield url, Api(url, settings, "", stop).headers("risk-analyst")
        finally:
            stop()


def run() -> list[Result]:
    """Take next by fifty at once, one case, pages and counts."""
    # Unconfigured, the log is drawn in colours, which takes longer than the requests.
    logs.configure("json")
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)
    results = []
    with _serve() as (url, headers):

        def get(path: str) -> Callable[[httpx.AsyncClient], Awaitable[Any]]:
            async def ask(http: httpx.AsyncClient) -> None:
                (await http.get(path, headers=headers)).raise_for_status()

            return ask

        def p95(clients: int, total: int, ask: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> float:
            asyncio.run(_p95(url, clients, clients * 4, ask))
            return asyncio.run(_p95(url, clients, total, ask))

        floor = p95(1, 300, get(FLOOR))
        crowd = p95(ANALYSTS, ANALYSTS * TAKES, get(FLOOR))
        taken: list[str] = []

        async def take(http: httpx.AsyncClient) -> None:
            answer = await http.post(f"{QUEUE}/take-next", headers=headers)
            taken.append(answer.raise_for_status().json()["entryId"])

        figure = p95(ANALYSTS, ANALYSTS * TAKES, take)
        if len(set(taken)) < len(taken):
            raise RuntimeError(f"{len(taken) - len(set(taken))} entries were given to two analysts")
        results.append(Result(f"Risk queue: take next, {ANALYSTS} analysts", figure, crowd, "ms", 3))
        page = httpx.get(f"{url}{QUEUE}?limit=500", headers=headers, timeout=10).json()["items"]
        ids = iter([each["entryId"] for each in page] * 2)

        async def case(http: httpx.AsyncClient) -> None:
            (await http.get(f"{QUEUE}/{next(ids)}", headers=headers)).raise_for_status()

        results.append(Result("Risk queue: a case", p95(1, 300, case), floor, "ms", 3))
        for name, query in PAGES.items():
            results.append(Result(f"Risk queue: page, {name}", p95(1, 30, get(f"{QUEUE}?{query}")), floor, "ms", 5))
        results.append(Result("Risk queue: counts", p95(1, 60, get(f"{QUEUE}/counts")), floor, "ms", 5))
    return results
