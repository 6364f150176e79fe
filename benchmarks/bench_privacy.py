"""Privacy at 100 000 requests and a million consents: list and look-up, one consent appended, all keys wrapped anew."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import psycopg

from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.keys import WRAPPING_LINE, Key, new_privacy_keys
from backend.privacy.consent import reads as consents
from backend.privacy.consent.actions import record_consent
from backend.privacy.keys.actions import rotate
from backend.privacy.keys.ring import KeyRing
from backend.privacy.persons.actions import register
from backend.privacy.persons.reads import find_person
from backend.privacy.requests import reads as requests
from backend.runtime.embedded_postgres import DATABASE, OWNER
from benchmarks.shop import empty_database
from benchmarks.table import Result
from models.privacy import Jurisdiction
from models.privacy.consent import ConsentRequest, ConsentStatus, ConsentType

SHARE = float(os.environ.get("OPSCONSOLE_BENCH_SHARE", "1"))
"""Of the rows, for a quick look."""
REQUESTS, PEOPLE, EACH, KEYS = (round(count * SHARE) or 1 for count in (100_000, 100_000, 10, 100_000))
ASKED, APPENDED, ROUNDS = 200, 100, 3
KNOWN = "c-of-the-benchmark"
FILL = """
insert into privacy_request (type, state, source, channel, jurisdiction, received_at, clock_from, due_on, due_at,
                             internal_at, created_by)
select (array['access', 'deletion', 'rectification', 'restriction'])[n %% 4 + 1],
       case when n %% 20 = 0 then 'identity' else 'withdrawn' end, 'shop', 'form', 'gdpr', t, t,
       (t + interval '31 days')::date, t + interval '31 days', t + interval '21 days', 'bench'
  from generate_series(1, %(requests)s) as n, lateral (select now() - n * interval '5 minutes' as t) as at;
"""
PERSONS = "insert into person select from generate_series(1, %(people)s)"
CONSENTS = """
insert into consent (person_id, consent_type, status, at, channel, jurisdiction, gpc, granted_change, asked_change,
                     recorded_by)
select p.id, case when n %% 2 = 0 then 'tracking' else 'marketing' end, 'granted', now() - n * interval '9 days',
       'form', 'gdpr', false, 0, 0, 'bench'
  from person as p, generate_series(1, %(each)s) as n
"""
PLAIN = """
create table plain (like consent including defaults);
alter table plain add primary key (id);
grant select, insert on plain to opsconsole_app;
"""
PUT = """
insert into plain (person_id, consent_type, status, at, channel, jurisdiction, gpc, granted_change, asked_change,
                   recorded_by)
values (%s, 'tracking', 'granted', now(), 'form', 'gdpr', false, 0, 0, 'bench')
"""


async def _p95(many: int, ask: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds that 95 of 100 stay below."""
    took = []
    for _ in range(many):
        begun = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - begun) * 1_000)
    return statistics.quantiles(took, n=20)[-1]


async def _reading(database: Database, ring: KeyRing) -> list[Result]:
    async with database.read() as connection:
        first = await (await connection.execute("select id from privacy_request limit 1")).fetchone()
        assert first is not None  # noqa: S101 - they were loaded
        wanted = requests.RequestFilter()

        async def one() -> None:
            await requests.find(connection, first[0])

        async def page() -> None:
            await requests.page(connection, wanted, (None, None), 51)

        async def look_up() -> None:
            person = await find_person(connection, ring, {"customer_id": KNOWN})
            assert person is not None  # noqa: S101 - registered below
            await consents.current(connection, person)
            await consents.history(connection, person, None)

        pairs = [(await _p95(ASKED, one), await _p95(ASKED, page), await _p95(ASKED, look_up)) for _ in range(ROUNDS)]
    floor, listed, looked = (statistics.median(each) for each in zip(*pairs, strict=True))
    return [
        Result(f"50 open ones of {REQUESTS:,} requests, a row at a time", listed / 50, floor, "ms", 1.0),
        Result(f"a person among {PEOPLE * EACH:,} consents, three queries", looked / 3, floor, "ms", 1.0),
    ]


async def _appending(database: Database, ring: KeyRing, person: UUID) -> Result:
    said = ConsentRequest(
        user_id=KNOWN, consent_type=ConsentType.TRACKING, status=ConsentStatus.GRANTED, jurisdiction=Jurisdiction.GDPR
    )

    async def plain(tx: Connection) -> None:
        await find_person(tx, ring, {"customer_id": KNOWN})
        await tx.execute(PUT, (person,))
        await audit_trail.record(
            tx, actor="bench", action="privacy.consent.granted", resource_type="consent", resource_id=str(person)
        )

    async def recorded(tx: Connection) -> None:
        await record_consent(tx, ring, actor="bench", request=said)

    async def in_tx(write: Callable[[Connection], Awaitable[None]]) -> None:
        async with database.transaction() as tx:
            await write(tx)

    async def median(write: Callable[[Connection], Awaitable[None]]) -> float:
        took = []
        for _ in range(APPENDED):
            begun = time.perf_counter()
            await in_tx(write)
            took.append((time.perf_counter() - begun) * 1_000)
        return statistics.median(took)

    rounds = [(await median(plain), await median(recorded)) for _ in range(ROUNDS)]
    floor, figure = (statistics.median(each) for each in zip(*rounds, strict=True))
    return Result("one consent recorded, against a plain row", figure, floor, "ms", 1.25)


async def _rotating(database: Database, text: str) -> Result:
    ring = KeyRing.read(text, "bench")
    rows = [(owner, kept) for owner in (uuid4() for _ in range(KEYS)) for _, kept in (ring.make_key(owner),)]
    into = "copy data_key (owner_id, purpose, kek, wrapped) from stdin"
    async with database.transaction() as tx, tx.cursor() as cursor, cursor.copy(into) as copy:
        for owner, kept in rows:
            await copy.write_row((owner, "person", kept.kek, kept.wrapped))
    after = KeyRing.read(f"{WRAPPING_LINE} {Key.make()}\n{text}", "bench")
    begun = time.perf_counter()
    done = await rotate(database, after)
    took = time.perf_counter() - begun
    assert done >= KEYS, f"{done} of {KEYS} keys were wrapped anew"  # noqa: S101 - the measure would mean nothing
    return Result(f"{KEYS:,} keys wrapped anew, against five seconds", took, 5.0 * SHARE, "s", 1.0)


async def _measure(url: str, text: str) -> list[Result]:
    ring = KeyRing.read(text, "bench")
    database = Database(url)
    await database.open()
    try:
        async with database.transaction() as tx:
            person = (await register(tx, ring, {"customer_id": KNOWN})).id
        results = await _reading(database, ring)
        results.append(await _appending(database, ring, person))
        results.append(await _rotating(database, text))
    finally:
        await database.close()
    return results


def run() -> list[Result]:
    """Load, then measure."""
    with empty_database() as server:
        with psycopg.connect(server.url(OWNER, DATABASE), autocommit=True) as connection:
            sys.stderr.write("  loading …\n")
            connection.execute(FILL, {"requests": REQUESTS})
            connection.execute(PERSONS, {"people": PEOPLE})
            connection.execute(CONSENTS, {"each": EACH})
            connection.execute(PLAIN)
            connection.execute("vacuum analyze")
        return asyncio.run(_measure(server.url(), new_privacy_keys()))
