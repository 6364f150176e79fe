"""P5: audit append by 16 writers, sealed meanwhile, against plain inserts; verification and pages of a million."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from backend.audit import reads
from backend.audit.checkpoint_store import Folder
from backend.audit.relay import stamp
from backend.audit.seal import seal
from backend.audit.signed_notes import Verifier, signing_key
from backend.audit.verify import origin_of, verify
from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.keys import new_signing_key
from backend.core.settings import Settings
from backend.runtime.embedded_postgres import DATABASE, OWNER
from backend.runtime.worker import Progress, Tick, repeat
from benchmarks.shop import empty_database
from benchmarks.table import Result

WRITERS = 16
ROUNDS = 7
ROUND_SECONDS = 5.0
ENTRIES = int(os.environ.get("OPSCONSOLE_BENCH_ENTRIES", "1000000"))
PICTURE = {"state": "acknowledged", "value": 0.0217, "title": "Failure rate of downloads", "n": 12}

PLAIN_TABLE = """
create table plain (like audit_log including defaults including identity);
alter table plain add primary key (seq);
grant select, insert on plain to opsconsole_app;
"""
PLAIN = """
insert into plain (actor, actor_label, action, resource_type, resource_id, resource_label, version, before, after)
values ('ada', 'ada', 'alerts.alert.acknowledged', 'alert', %s, 'Failure rate', 3, %s, %s) returning seq
"""
FILL = """
insert into audit_log (actor, actor_label, action, resource_type, resource_id, version, before, after, request_id,
                       correlation_id)
select 'user-' || n % 40, 'User', (array['alerts.alert.raised', 'alerts.alert.acknowledged', 'risk.entry.decided',
       'session.signed_in'])[n % 4 + 1], (array['alert', 'alert', 'risk_entry', 'account'])[n % 4 + 1], 'r' || n % 5000,
       n % 9,
       jsonb_build_object('state', 'active', 'value', 0.0217, 'title', 'Failure rate of downloads', 'n', n),
       jsonb_build_object('state', 'acknowledged', 'value', 0.0217, 'title', 'Failure rate of downloads', 'n', n),
       md5(n::text), md5((n / 3)::text)
  from generate_series(1, {entries}) n
"""


async def _plain(tx: Connection, number: int) -> None:
    await tx.execute(PLAIN, (str(number), Jsonb(PICTURE), Jsonb(PICTURE)))


async def _append(tx: Connection, number: int) -> None:
    await audit_trail.record(
        tx,
        actor="ada",
        action="alerts.alert.acknowledged",
        resource_type="alert",
        resource_id=str(number),
        label="Failure rate",
        version=3,
        before=PICTURE,
        after=PICTURE,
    )


async def _rate(database: Database, write: Callable[[Connection, int], Awaitable[None]]) -> float:
    """Transactions a second of all writers together."""
    end = time.perf_counter() + ROUND_SECONDS
    done = 0

    async def writer() -> None:
        nonlocal done
        while time.perf_counter() < end:
            async with database.transaction() as tx:
                await write(tx, done)
            done += 1

    begun = time.perf_counter()
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    return done / (time.perf_counter() - begun)


async def _rates(settings: Settings) -> tuple[float, float]:
    """Medians of append and of plain insert, in turns.

    Relay and seals work in a process of their own, as in operation, but only while appending; a round begins when they
    have caught up. They seal every second instead of every five, so that their work falls into the round.
    """
    database = Database(settings.database_url or "", size=WRITERS)
    await database.open()
    await _rate(database, _plain)
    appended, plain = [], []
    for _ in range(ROUNDS):
        plain.append(await _rate(database, _plain))
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from benchmarks.bench_audit import work; work()",
            env={**os.environ, **settings.as_environment()},
            stdin=asyncio.subprocess.PIPE,
        )
        assert worker.stdin is not None  # noqa: S101 - it was asked for
        await _wait_caught_up(database)
        appended.append(await _rate(database, _append))
        assert worker.returncode is None, "relay and seals ended"  # noqa: S101 - without them the rate says nothing
        worker.stdin.close()
        await worker.wait()
    await database.close()
    sys.stderr.write(f"append {[round(r) for r in appended]} plain {[round(r) for r in plain]}\n")
    return statistics.median(appended), statistics.median(plain)


async def _wait_caught_up(database: Database) -> None:
    """Wait until the worker has sealed what the round before left, and one entry of ours besides: so it is at work."""
    async with database.transaction() as tx:
        await _append(tx, 0)
    deadline = time.perf_counter() + 60
    while time.perf_counter() < deadline:
        async with database.read() as connection:
            cursor = await connection.execute(
                "select coalesce(max(size), 0) = (select count(*) from audit_log) from audit_checkpoint"
            )
            if await cursor.fetchone() == (True,):
                return
        await asyncio.sleep(0.1)
    raise TimeoutError("relay and seals did not catch up")


def work() -> None:
    """Relay and seals until standard input ends."""
    settings = Settings()

    async def main() -> None:
        database = Database(settings.database_url or "", size=4)
        await database.open()
        ticks = (Tick("audit relay", 0.25, stamp), Tick("audit seal", 1.0, seal))
        tasks = [asyncio.create_task(repeat(tick, database, settings, Progress())) for tick in ticks]
        await asyncio.to_thread(os.read, 0, 1)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await database.close()

    asyncio.run(main())


async def _seal_all(settings: Settings) -> float:
    """Stamp and seal everything; returns seconds of sealing."""
    database = Database(settings.database_url or "", statement_seconds=60)
    await database.open()
    position = -1
    async with database.read() as connection:
        while position != (position := (await reads.newest(connection))[0]):
            await stamp(database, settings)
    begun = time.perf_counter()
    await seal(database, settings)
    seconds = time.perf_counter() - begun
    await database.close()
    return seconds


PAGES = {
    "newest": reads.AuditFilter(),
    "actor": reads.AuditFilter(actor="user-7"),
    "actor and kind": reads.AuditFilter(actor="user-6", action="risk"),
    "action": reads.AuditFilter(action="alerts"),
    "nothing": reads.AuditFilter(action="nothing"),
    "type": reads.AuditFilter(resource_type="account"),
    "resource": reads.AuditFilter(resource_id="r77"),
    "correlation": reads.AuditFilter(correlation_id="c4ca4238a0b923820dcc509a6f75849b"),
}


async def _pages(settings: Settings) -> dict[str, float]:
    """Milliseconds of the slowest of ten pages, by filter, at positions all over the log."""
    database = Database(settings.database_url or "")
    await database.open()
    slowest = {}
    async with database.read() as connection:
        top, _ = await reads.newest(connection)
        (first, middle) = await (
            await connection.execute("select min(at), min(at) + (max(at) - min(at)) / 2 from audit_position")
        ).fetchone() or (None, None)
        pages = PAGES | {
            "instants": reads.AuditFilter(since=first, until=middle),
            "instants and type": reads.AuditFilter(since=middle, resource_type="alert"),
        }
        for name, wanted in pages.items():
            times = []
            for number in range(11):
                begun = time.perf_counter()
                await reads.page(connection, wanted, top - number * top // 11, 100)
                times.append((time.perf_counter() - begun) * 1000)
            slowest[name] = max(times[1:])
    await database.close()
    return slowest


def run() -> list[Result]:
    """Rates on one database, verification of a million entries on another."""
    results = []
    with tempfile.TemporaryDirectory(prefix="opsconsole-bench-") as folder:
        key = Path(folder) / "audit.key"
        key.write_text(new_signing_key())
        with empty_database() as server:
            settings = Settings(
                database_url=server.url(), audit_key_file=key, audit_checkpoint_folder=Path(folder) / "one"
            )
            with psycopg.connect(server.url(OWNER, DATABASE), autocommit=True) as connection:
                connection.execute(PLAIN_TABLE)
            appended, plain = asyncio.run(_rates(settings))
            results.append(Result("P5 audit append, 16 writers, sealed", appended, plain, "/s", 0.9, at_least=True))
        with empty_database() as server:
            settings = Settings(
                database_url=server.url(), audit_key_file=key, audit_checkpoint_folder=Path(folder) / "two"
            )
            with psycopg.connect(server.url(OWNER, DATABASE), autocommit=True) as connection:
                connection.execute(FILL.format(entries=ENTRIES).encode())
                sealing = asyncio.run(_seal_all(settings))
                connection.execute("vacuum analyze")
            private = signing_key(settings)
            assert private is not None  # noqa: S101 - it was made above
            verifier = Verifier.of(origin_of(server.url()), private)
            begun = time.perf_counter()
            report = verify(server.url(), [verifier], Folder(Path(folder) / "two").notes())
            seconds = time.perf_counter() - begun
            assert report.finding is None, report.finding  # noqa: S101 - a wrong answer has no speed
            assert report.verified == ENTRIES, report  # noqa: S101 - likewise
            results.append(Result(f"P5 verify {ENTRIES:,} entries", seconds, 1.0, "s", 20.0))
            results.append(Result(f"P5 seal {ENTRIES:,} entries", sealing, 1.0, "s", 120.0))
            for name, worst in asyncio.run(_pages(settings)).items():
                results.append(Result(f"P5 audit page of {ENTRIES:,}: {name}", worst, 1.0, "ms", 20.0))
    return results
