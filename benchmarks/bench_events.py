"""P15: events judged, taken in and judged again, each against a floor of the same run.

Judging over HTTP against a one-row endpoint, with the clients in a process of their own; landing batches of 1 000
against COPY into the same tables and indexes, and what of it is judging; stored events judged again against reading
and parsing the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import msgspec
import psycopg

from backend.analytics.intake.parse import parse_batch
from backend.analytics.landing.actions import take
from backend.analytics.landing.judged import Judged, judge_call
from backend.analytics.landing.sealing import Sealer
from backend.analytics.landing.shapes import read_calls
from backend.analytics.radius.run import ROWS, PastEvent, queries
from backend.analytics.radius.tally import Tally
from backend.analytics.validation.compiled import CompiledPlan, CompiledVersion
from backend.core.database import Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.runtime.embedded_postgres import DATABASE, OWNER
from benchmarks.bench_dashboard import FLOOR, _floor, seed
from benchmarks.shop import empty_database
from benchmarks.table import Result
from models.analytics import EventMode, EventSchemaDefinition
from tests.backend.analytics.fixtures import BASE, ORDER
from tests.conftest import Api, serve_in_thread

BATCH, BATCHES, REQUESTS = 1_000, 40, 400
STORED = int(os.environ.get("OPSCONSOLE_BENCH_EVENTS", "200000"))
NAME = "Order Completed"

CLIENT = """
import asyncio, json, sys, time
from statistics import quantiles
import httpx
base, clients, requests, cases = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])

async def p95(case, count):
    taken, left = [], iter(range(count))
    async def client():
        async with httpx.AsyncClient(base_url=base, headers=case["headers"], timeout=60) as http:
            for _ in left:
                begun = time.perf_counter()
                answer = await http.request(case["method"], case["path"], content=case["body"])
                taken.append((time.perf_counter() - begun) * 1000)
                answer.raise_for_status()
    await asyncio.gather(*(client() for _ in range(clients)))
    return quantiles(taken, n=20)[-1]

async def main():
    for case in cases:
        await p95(case, 60)
    print(json.dumps([[await p95(case, requests) for case in cases] for _ in range(5)]))

asyncio.run(main())
"""


def _definition() -> EventSchemaDefinition:
    now = datetime.now(UTC)
    state = {"version": 1, "state": "enforced", "deprecatedUntil": None, "revision": 1}
    times = {"createdBy": "a", "createdAt": now, "publishedBy": "a", "publishedAt": now}
    return EventSchemaDefinition.model_validate(ORDER | state | times)


def _event(number: int) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": str(uuid4()),
        "event": NAME,
        "userId": f"c-{number % 40_000}",
        "timestamp": "2026-11-24T14:02:37.123Z",
        "context": {"app": {"name": "web", "version": "5.12.0"}, "library": {"name": "analytics.js", "version": "2"}},
        "properties": {
            "order_id": f"CS-{number}",
            "total": 319.5 + number % 100,
            "currency": "EUR",
            "email": f"c{number}@example.com",
            "items": [{"sku": "M330-WB", "price": 106.5}, {"sku": "CLOUDBASE-3", "price": 21.95}] * 2,
        },
    }


def _body(number: int) -> bytes:
    batch = {"batch": [_event(number * BATCH + each) for each in range(BATCH)]}
    return json.dumps(batch, separators=(",", ":")).encode()


# --- judging over HTTP


@contextmanager
def _serve() -> Iterator[tuple[Api, dict[str, str]]]:
    with empty_database() as server:
        with psycopg.connect(server.url(OWNER, DATABASE), autocommit=True) as connection:
            connection.execute("insert into reporting (currency) values ('EUR')")
            connection.execute("insert into orders (id, placed_at, currency, minor) values ('o1', now(), 'EUR', 5)")
            connection.execute(
                "insert into event_schema (event_name, event_key, version, state, description, owners, properties,"
                " additional_properties, definitions, created_by)"
                " values (%s, 'k', 1, 'enforced', 'd', '{a}', %s, false, %s, 'a')",
                (NAME, json.dumps(ORDER["properties"]), json.dumps(ORDER["definitions"])),
            )
            connection.execute("update tracking_plan set stamp = 1, version = 1")
        settings = Settings(database_url=server.url(), token_key="b" * 40, connection_key=Key.make())
        asyncio.run(seed(settings))
        url, stop = serve_in_thread(settings, _floor())
        try:
            api = Api(url, settings, "", stop)
            yield api, api.headers("storefront")
        finally:
            stop()


def _judging(results: list[Result]) -> None:
    with _serve() as (api, headers):
        good = json.dumps({"eventName": NAME, "payload": _event(1)["properties"]})
        cases = [
            {"method": "POST", "path": f"{BASE}/events/validate", "headers": headers, "body": good},
            {"method": "GET", "path": FLOOR, "headers": api.headers(), "body": None},
        ]
        for clients in (1, 16):
            command = [sys.executable, "-c", CLIENT, api.base_url, str(clients), str(REQUESTS), json.dumps(cases)]
            pairs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            figure, floor = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
            results.append(Result(f"P15 validate an event, {clients} client(s), p95", figure, floor, "ms", 1.3))


# --- landing


async def _landing(url: str, owner: str) -> tuple[list[float], list[float], list[float]]:
    """Seconds a batch: landed, copied, and judged."""
    settings = Settings(database_url=url, connection_key=Key.make())
    sealer, plan = Sealer(settings), CompiledPlan.of(1, 1, [_definition()], {(NAME, "Local"): EventMode.QUARANTINE})
    database = Database(url)
    await database.open()
    landed, copied, judged = [], [], []
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("select event_partition(current_date)")
        for number in range(BATCHES):
            now = datetime.now(UTC)
            calls = read_calls(parse_batch(_body(number)).items, now)
            begun = time.perf_counter()
            events = [judge_call(each, plan, "Local", now, sealed=True) for each in calls]
            judged.append(_judging_alone(plan, events))
            begun = time.perf_counter()
            async with database.transaction() as tx:
                await take(tx, events, environment="Local", now=now, sealer=sealer)
            landed.append(time.perf_counter() - begun)
            copied.append(_copy(connection, read_calls(parse_batch(_body(BATCHES + number)).items, now), plan, now))
    await database.close()
    return landed, copied, judged


def _judging_alone(plan: CompiledPlan, events: list[Judged]) -> float:
    version = plan.events[NAME].versions[1]
    values = [each.call.properties for each in events]
    begun = time.perf_counter()
    for value in values:
        version.validator.passes(value)
    return time.perf_counter() - begun


def _copy(connection: psycopg.Connection[Any], calls: list[Any], plan: CompiledPlan, now: datetime) -> float:
    rows = [judge_call(each, plan, "Local", now, sealed=True) for each in calls]
    day, at = now.date(), now
    begun = time.perf_counter()
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy("copy event_id (id, hash, day) from stdin") as into:
            for each in rows:
                into.write_row((each.id, each.hash, day))
        with cursor.copy(
            "copy event (id, received_day, received_at, occurred_at, kind, event_name, version, producer,"
            " app_version, verdict, body) from stdin"
        ) as into:
            for each in rows:
                call = each.call
                into.write_row(
                    (each.id, day, at, call.occurred_at, call.kind, each.event_name, each.version, call.producer,
                     call.app_version, each.verdict, call.item.text.decode())
                )  # fmt: skip
    return time.perf_counter() - begun


# --- judging stored events again


async def _again(url: str, owner: str) -> tuple[float, float]:
    """Seconds: judged again, and only read and parsed."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("select event_partition(current_date)")
        now, done = datetime.now(UTC), 0
        while done < STORED:
            with (
                connection.cursor() as cursor,
                cursor.copy(
                    "copy event (id, received_day, received_at, occurred_at, kind, event_name, version, producer,"
                    " app_version, verdict, body) from stdin"
                ) as into,
            ):
                for number in range(done, done + 10_000):
                    body = json.dumps(_event(number), separators=(",", ":"))
                    into.write_row((uuid4(), now.date(), now, now, "track", NAME, 1, "web", "5.12.0", "landed", body))
            done += 10_000
        connection.execute("vacuum analyze event")
    database, version = Database(url), CompiledVersion.of(_definition())
    await database.open()
    times: list[tuple[float, float]] = []
    for _ in range(3):
        tally = Tally(version, "/properties")
        begun = time.perf_counter()
        async for rows in _stored(database, now):
            tally.add(rows)
        again = time.perf_counter() - begun
        assert (tally.events, tally.failing) == (STORED, 0)  # noqa: S101 - else it measured something else
        begun = time.perf_counter()
        async for rows in _stored(database, now):
            for row in rows:
                msgspec.json.decode(row.body)
        times.append((again, time.perf_counter() - begun))
    await database.close()
    return sorted(times, key=lambda pair: pair[0] / pair[1])[1]


async def _stored(database: Database, now: datetime) -> Any:
    values = {"day": now.date(), "event_name": NAME, "since": now - timedelta(days=1), "until": now}
    async with database.transaction() as tx, tx.cursor("bench") as cursor:
        await cursor.execute(queries.events_of_day, values)
        while rows := await cursor.fetchmany(ROWS):
            yield [PastEvent(*row) for row in rows]


def run() -> list[Result]:
    """Each against its floor, interleaved."""
    results: list[Result] = []
    _judging(results)
    with empty_database() as server:
        url, owner = server.url(), server.url(OWNER, DATABASE)
        landed, copied, judged = (median(each) for each in asyncio.run(_landing(url, owner)))
        results += [
            Result("P15 batches of 1 000 landed", BATCH / landed, BATCH / copied, "/s", 0.5, at_least=True),
            Result("P15 judging of a batch, of its landing", judged * 1_000, landed * 1_000, "ms", 0.15),
        ]
    with empty_database() as server:
        again, read = asyncio.run(_again(server.url(), server.url(OWNER, DATABASE)))
        results.append(Result(f"P15 {STORED:,} stored events judged again", again, read, "s", 2))
    return results
