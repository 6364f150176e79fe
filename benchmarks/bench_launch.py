"""P17: 500 items, 30 roles, 50 consoles over HTTP: how soon a vote, or a figure that left its limits, is everywhere."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from statistics import quantiles
from typing import Any

import psycopg

from backend.runtime.embedded_postgres import DATABASE, OWNER
from benchmarks.shop import empty_database
from benchmarks.table import Result

CONSOLES, ROLES, ITEMS, FIGURES = 50, 30, 500, 30
ASK_SECONDS = 1.0
"""A console asks once a second while a poll is open."""
FLIPS = 6
FOREIGN_SECONDS = 10.0
LAUNCHES = "/api/operations/launches"
VOTER = "voter"

_ROLES = """
insert into role_definition (id, name, permissions, updated_by, sensitive, approvers)
select 'role-' || n, 'Role ' || n,
       array['checklist.view', 'checklist.complete', 'checklist.manage', 'launch.vote', 'launch.direct'], 'bench', true,
       1
  from generate_series(1, %(roles)s) as n;
insert into account (id, name) values ('voter', 'Voter');
"""
_GRANTS = """
insert into role_assignment (user_id, role_id, granted_by) select %(voter)s, 'role-' || n, 'bench'
  from generate_series(1, %(roles)s) as n
"""
_P1 = """
insert into alert (id, version, valid_from, cause, title, severity, state, condition, raised_at, evaluated_at, guidance,
                   runbook_url, source, key)
values (gen_random_uuid(), 1, now(), 'breached', 'P1', 'P1', 'active', 'breached', now(), now(), '', '', 'bench', 'p1')
"""


def _serve(url: str, key: str, audit_key: str, pipe: Pipe) -> None:
    """An API, and what a worker does for a poll, in a process of their own."""
    from backend.audit.relay import stamp
    from backend.audit.seal import seal
    from backend.core.capability import Criteria
    from backend.core.database import Database
    from backend.core.settings import Settings
    from backend.launch.poll.actions import World, watch
    from backend.runtime.asgi import create_app
    from backend.runtime.http_server import HttpServer, bind
    from backend.runtime.outside import outside

    settings = Settings(database_url=url, token_key=key, audit_key=audit_key)  # type: ignore[arg-type]
    world = World(settings, outside(settings).of(Criteria))

    async def every(seconds: float, turn: Callable[[], Awaitable[None]]) -> None:
        while True:
            await turn()
            await asyncio.sleep(seconds)

    async def main() -> None:
        database = Database(url, size=4)
        await database.open()
        ticks = [
            asyncio.create_task(every(0.25, lambda: stamp(database, settings))),
            asyncio.create_task(every(5.0, lambda: seal(database, settings))),
            asyncio.create_task(every(0.5, lambda: watch(database, world))),
        ]
        http = HttpServer(create_app(settings, Database(url)), bind("127.0.0.1", 0))
        running = asyncio.create_task(http.run())
        await http.wait_started()
        pipe.send(http.url)
        await asyncio.to_thread(pipe.recv)
        http.stop()
        await running
        for task in ticks:
            task.cancel()
        await database.close()

    asyncio.run(main())


class _Line:
    """One connection that is kept open, as a console's is."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._where, self._token = (host, port), token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = None, tag: str = "") -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._where)
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._token}\r\n"
        head += f"If-None-Match: {tag}\r\n" if tag else ""
        head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        status = int((await reader.readline()).split()[1])
        headers = {}
        while (line := await reader.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, await reader.readexactly(int(headers.get("content-length", 0)))

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()


class _Console:
    """Asks once a second and notes when it first saw what."""

    def __init__(self, line: _Line, path: str) -> None:
        self._line, self._path = line, path
        self.votes: dict[tuple[str, int], float] = {}
        self.words: list[tuple[float, str, int]] = []
        self.asked: list[float] = []

    async def run(self) -> None:
        """Until cancelled."""
        tag = ""
        await asyncio.sleep(random.random() * ASK_SECONDS)
        while True:
            begun = time.perf_counter()
            status, headers, body = await self._line.ask("GET", self._path, tag=tag)
            now = time.perf_counter()
            self.asked.append((now - begun) * 1_000)
            if status == 200:
                tag = headers["etag"]
                found = json.loads(body)
                for vote in found["rollCall"]:
                    self.votes.setdefault((vote["role"], vote["version"]), now)
                self.words.append((now, found["verdict"]["word"], found["poll"]["evidenceVersion"]))
            elif status != 304:
                raise RuntimeError(f"{status}: {body[:200]!r}")
            await asyncio.sleep(max(0.0, ASK_SECONDS - (time.perf_counter() - begun)))


def _content() -> dict[str, Any]:
    roles = [f"role-{n}" for n in range(1, ROLES + 1)]
    return {
        "title": "Bench",
        "roll": [{"role": role, "name": role, "shortName": role, "director": role == roles[-1]} for role in roles],
        "criteria": [
            {
                "key": f"f{n}",
                "criterion": "alerts.open",
                "label": f"Figure {n}",
                "shortLabel": f"F{n}",
                "parameters": {"severity": "P1"},
            }
            for n in range(FIGURES // 2)
        ]
        + [
            {
                "key": f"g{n}",
                "criterion": "risk.open_entries",
                "label": f"Figure {n}",
                "shortLabel": f"G{n}",
                "high": 10**6,
            }
            for n in range(FIGURES // 2)
        ],
        "items": [
            {"key": f"i{n}", "category": f"C{n % 10}", "description": f"Item {n}", "ownerRole": roles[0], "due": -60}
            for n in range(ITEMS)
        ],
    }


async def _begin(line: _Line) -> str:
    """The address of a launch whose poll is open."""

    async def done(path: str, body: Any) -> Any:
        status, _, answer = await line.ask("POST", path, body)
        if status >= 300:
            raise RuntimeError(f"{path}: {status} {answer[:300]!r}")
        return json.loads(answer)

    await done("/api/operations/launch-templates/bench", {"content": _content(), "basedOn": 0})
    zero_at = (datetime.now(UTC) + timedelta(hours=9)).isoformat()
    launch = await done(
        LAUNCHES, {"templateKey": "bench", "title": "Bench", "shortTitle": "Bench", "zone": "UTC", "zeroAt": zero_at}
    )
    poll = await done(f"{LAUNCHES}/{launch['launchId']}/polls", {"question": "Go?"})
    return f"{LAUNCHES}/{launch['launchId']} {poll['pollId']}"


async def _until_sealed(line: _Line, address: str) -> None:
    """Every launch is bound to the seal of the log, which comes some seconds after the first entry."""
    for _ in range(60):
        found = json.loads((await line.ask("GET", f"{address}/status"))[2])
        if all(each["verdict"] == "inside" for each in found["evidence"]):
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("the figures are not within their limits")


async def _votes(line: _Line, address: str, poll: str, consoles: list[_Console]) -> list[float]:
    """Milliseconds from the answer to a vote until each console has it; every role but the director votes."""
    cast: dict[tuple[str, int], float] = {}
    for n in range(1, ROLES):
        status, _, body = await line.ask("GET", f"{address}/status")
        seen = json.loads(body)
        role = f"role-{n}"
        version = next(vote["version"] for vote in seen["rollCall"] if vote["role"] == role)
        request = {
            "role": role,
            "choice": "GO",
            "reason": f"{time.time()}",
            "evidenceVersion": seen["poll"]["evidenceVersion"],
        }
        status, _, body = await line.ask("POST", f"{address}/polls/{poll}/votes", request)
        if status != 200:
            raise RuntimeError(f"vote: {status} {body[:300]!r}")
        cast[role, version + 1] = time.perf_counter()
        await asyncio.sleep(0.137)
    await asyncio.sleep(2 * ASK_SECONDS)
    return [(console.votes[key] - at) * 1_000 for console in consoles for key, at in cast.items()]


async def _flips(url: str, consoles: list[_Console]) -> list[float]:
    """Milliseconds from the commit of a P1 until each console shows HOLD for it."""
    taken = []
    for _ in range(FLIPS):
        before = max(version for console in consoles for _, _, version in console.words)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute(_P1)
        at = time.perf_counter()
        await asyncio.sleep(3 * ASK_SECONDS)
        for console in consoles:
            shown = next(now for now, word, version in console.words if version > before and word == "HOLD")
            taken.append((shown - at) * 1_000)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute("update alert set valid_to = now() where source = 'bench'")
        await asyncio.sleep(2 * ASK_SECONDS + random.random())
    return taken


async def _measure(
    url: str, database_url: str, token: str
) -> tuple[list[float], list[float], list[float], list[float]]:
    host, port = url.removeprefix("http://").split(":")
    line = _Line(host, int(port), token)
    address, poll = (await _begin(line)).split()
    consoles = [_Console(_Line(host, int(port), token), f"{address}/status") for _ in range(CONSOLES)]
    await _until_sealed(line, address)
    tasks = [asyncio.create_task(console.run()) for console in consoles]
    await asyncio.sleep(2 * ASK_SECONDS)
    votes = await _votes(line, address, poll, consoles)
    # The live stream gives positions only below the oldest writing transaction of the whole server.
    async with await psycopg.AsyncConnection.connect(database_url) as foreign:
        await foreign.execute("select pg_current_xact_id()")
        begun = time.perf_counter()
        held = await _votes(line, address, poll, consoles)
        await asyncio.sleep(max(0.0, FOREIGN_SECONDS - (time.perf_counter() - begun)))
    flips = await _flips(database_url, consoles)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.wait(tasks)
    return votes, held, flips, [each for console in consoles for each in console.asked]


def run() -> list[Result]:
    """Against the limits of the specification of the poll, in milliseconds."""
    from backend.core.keys import new_signing_key
    from backend.core.security import mint
    from backend.core.settings import Settings

    key, audit_key = "b" * 40, new_signing_key()
    with empty_database() as server:
        owner = server.url(OWNER, DATABASE)
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(_ROLES % {"roles": ROLES})
            connection.execute(_GRANTS, {"voter": VOTER, "roles": ROLES})
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(server.url(), key, audit_key, there)
        )
        process.start()
        try:
            url = here.recv()
            settings = Settings(token_key=key)  # type: ignore[arg-type]
            token, _ = mint(
                settings, user_id=VOTER, name=VOTER, auth_time=datetime.now(UTC), acr="2", lifetime=timedelta(hours=1)
            )
            votes, held, flips, asked = asyncio.run(_measure(url, owner, token))
        finally:
            here.send("end")
            process.join(20)
    p95 = {name: quantiles(found, n=20)[-1] for name, found in (("votes", votes), ("held", held), ("asked", asked))}
    return [
        Result(f"P17 a vote on {CONSOLES} consoles, p95", p95["votes"], 1_000.0, "ms", 1.0),
        Result(
            "P17 the same while a foreign transaction holds the stream back for 10 s", p95["held"], 1_000.0, "ms", 1.0
        ),
        Result("P17 a P1 is HOLD on all of them, p99", quantiles(flips, n=100)[-1], 2_000.0, "ms", 1.0),
        Result("P17 an answer to a console, p95", p95["asked"], 1_000.0, "ms", 0.2),
    ]
