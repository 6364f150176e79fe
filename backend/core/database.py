"""The database: one pool, two ways to use it, named SQL. Only this module begins and commits transactions."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

APPLICATION_ROLE = "opsconsole_app"
"""The role every connection of API and worker works as, whoever logs in; ``migrate`` creates it."""

ERASER_ROLE = "opsconsole_eraser"
"""The role a transaction takes up to erase what is personal: nobody else may change those columns."""

Connection = AsyncConnection[tuple[Any, ...]]

ACQUIRE_SECONDS = 2.0
QUICK_ACQUIRE_SECONDS = 0.2
"""While the database is known to be away, nobody waits the full time for it."""
AWAY_SECONDS = 1.0
SUSPICIOUS_SECONDS = 1.0
"""A statement that takes longer makes us ask whether the database still answers at all."""
PROBE_SECONDS = 1.2
"""How long a database that lives may take to accept a connection."""
OVERDUE_SECONDS = 2.0
"""How much longer than it allows itself a statement may take, before its connection is given up."""
SETTLE_SECONDS = 0.1
"""An answer that is on its way has come after so long."""


class DatabaseUnavailable(Exception):  # noqa: N818 - a state of the world, not a fault of the program
    """The database cannot be asked just now: gone, too slow, full, or out of connections. Trying again may help."""

    def __init__(self, reason: str, advice: str = "The database does not answer; try again soon.") -> None:
        super().__init__(reason)
        self.advice = advice
        """What whoever asked is told: a sentence, and what to do."""


class _WatchedConnection(AsyncConnection[tuple[Any, ...]]):
    """Does not wait for a database that has stopped answering: its own limits hold only as long as it runs."""

    watch: _Watch | None = None

    async def wait(self, *arguments: Any, **more: Any) -> Any:
        """As psycopg's, for each exchange with the server."""
        if self.watch is None:
            return await super().wait(*arguments, **more)
        with self.watch.over(self):
            return await super().wait(*arguments, **more)

    def hang_up(self) -> None:
        """Make whoever waits for the server see the end of the connection. Not by closing: it is being waited for."""
        with (
            suppress(OSError, psycopg.Error),
            socket.fromfd(self.pgconn.socket, socket.AF_INET, socket.SOCK_STREAM) as shared,
        ):
            shared.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a probe found."""

    since: float
    answers: bool
    idle: frozenset[int] = frozenset()
    """Our processes of the server that have had nothing to do for some time, as they say."""


class _Watch:
    """Tells slow from hung: who waits long has the database probed, once for all who wait.

    The server may answer while single processes of it do not: one that says it is idle, although a statement was sent
    to it, has stopped.
    """

    def __init__(self, url: str, statement_seconds: float) -> None:
        self._conninfo = make_conninfo(url, connect_timeout=3, application_name="opsconsole probe")
        self._most_seconds = statement_seconds + OVERDUE_SECONDS
        self._probe: asyncio.Task[_Seen] | None = None
        self.away_until = 0.0
        """Until when the database is taken to be away; nobody waits the full time for it."""
        self._wary_until = 0.0
        """Until when there may be more processes of it that have stopped."""

    @contextmanager
    def over(self, connection: _WatchedConnection) -> Iterator[None]:
        """Hang up if the database stops answering within the block."""
        begun = time.monotonic()
        task: asyncio.Task[None] | None = None

        def look() -> None:
            nonlocal task
            task = asyncio.create_task(self._look(connection, begun), name="database watch")

        wary = begun < max(self.away_until, self._wary_until)
        patience = QUICK_ACQUIRE_SECONDS if wary else SUSPICIOUS_SECONDS
        timer = asyncio.get_running_loop().call_later(patience, look)
        try:
            yield
        finally:
            timer.cancel()
            if task is not None:
                task.cancel()

    async def _look(self, connection: _WatchedConnection, begun: float) -> None:
        pause, end = SUSPICIOUS_SECONDS, begun + self._most_seconds
        while (now := time.monotonic()) < end:
            if now < self.away_until or not (seen := await self._look_at_server()).answers:
                self.away_until = time.monotonic() + AWAY_SECONDS
                break
            if seen.since > begun + QUICK_ACQUIRE_SECONDS and connection.pgconn.backend_pid in seen.idle:
                self._wary_until = time.monotonic() + AWAY_SECONDS
                await asyncio.sleep(SETTLE_SECONDS)
                break
            await asyncio.sleep(max(0.0, min(pause, end - time.monotonic())))
            pause *= 2
        connection.hang_up()

    async def _look_at_server(self) -> _Seen:
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._connect(), name="database probe")
        return await asyncio.shield(self._probe)

    async def _connect(self) -> _Seen:
        since = time.monotonic()
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                connection = await _WatchedConnection.connect(self._conninfo, autocommit=True)
            async with connection:
                # Not by a cancellation: that would wait for the server to notice it.
                timer = asyncio.get_running_loop().call_later(PROBE_SECONDS, connection.hang_up)
                found = await (await connection.execute(queries.idle, {"seconds": QUICK_ACQUIRE_SECONDS})).fetchall()
                timer.cancel()
        except (TimeoutError, OSError, psycopg.Error) as error:
            # A refusal is an answer as well, such as that there are too many connections.
            return _Seen(since, isinstance(error, psycopg.Error) and error.sqlstate is not None)
        return _Seen(since, answers=True, idle=frozenset(pid for (pid,) in found))


class Database:
    """A pool of connections that work as the application role, in UTC, with limits on how long anything may take."""

    def __init__(self, url: str, *, size: int = 10, statement_seconds: float = 5.0) -> None:
        """Nothing is connected before ``open``. ``statement_seconds`` limits each single statement."""
        limits = {
            "role": APPLICATION_ROLE,
            "timezone": "UTC",
            "statement_timeout": str(int(statement_seconds * 1000)),
            "lock_timeout": "4000",
            # A forgotten open transaction would hold back the audit relay for everybody.
            "idle_in_transaction_session_timeout": "15000",
        }
        options = " ".join(f"-c {name}={value}" for name, value in limits.items())
        conninfo = make_conninfo(url, options=options, connect_timeout=3, application_name="opsconsole")
        self._watch = _Watch(url, statement_seconds)
        self._pool: AsyncConnectionPool[_WatchedConnection] = AsyncConnectionPool(
            conninfo,
            connection_class=_WatchedConnection,
            configure=self._configure,
            min_size=1,
            max_size=size,
            timeout=ACQUIRE_SECONDS,
            # After an outage the pool must come back at once, not after an ever longer pause.
            reconnect_timeout=2.0,
            max_idle=120.0,
            kwargs={"autocommit": True},
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def _configure(self, connection: _WatchedConnection) -> None:
        connection.watch = self._watch

    async def open(self) -> None:
        """Start the pool; does not wait for the database, which may come later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode. Raises DatabaseUnavailable."""
        quick = time.monotonic() < self._watch.away_until
        try:
            async with self._pool.connection(QUICK_ACQUIRE_SECONDS if quick else ACQUIRE_SECONDS) as connection:
                self._watch.away_until = 0.0
                yield connection
        except (PoolTimeout, PoolClosed) as error:
            self._watch.away_until = time.monotonic() + AWAY_SECONDS
            raise DatabaseUnavailable("no connection could be had") from error
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction) as error:
            raise _unavailable(error) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, committed on exit, rolled back by an exception. Raises DatabaseUnavailable."""
        async with self.read() as connection, connection.transaction():
            yield connection


def _unavailable(error: psycopg.Error) -> DatabaseUnavailable:
    match error:
        case psycopg.errors.QueryCanceled():
            return DatabaseUnavailable(
                "the statement took too long", "The database took too long; try again, or ask for less at once."
            )
        case psycopg.errors.LockNotAvailable() | psycopg.errors.DeadlockDetected():
            return DatabaseUnavailable(
                "somebody else holds the record", "Somebody else is changing the same record; try again soon."
            )
        case psycopg.errors.DiskFull():
            return DatabaseUnavailable(
                "the disk of the database is full",
                "The disk of the database is full: nothing was changed. It takes changes again when an administrator "
                "has made room.",
            )
        case psycopg.errors.ReadOnlySqlTransaction():
            return DatabaseUnavailable(
                "the database takes no changes", "The database takes no changes just now; try again soon."
            )
        case psycopg.errors.TooManyConnections():
            return DatabaseUnavailable(
                "the database has no connection left", "The database is asked by too many at once; try again soon."
            )
        case _:
            return DatabaseUnavailable("the connection was lost")


class Queries:
    """The named statements of one ``queries.sql``, each an attribute."""

    def __init__(self, source: str, statements: dict[str, LiteralString]) -> None:
        self._source = source
        self._statements = statements

    def __getattr__(self, name: str) -> LiteralString:
        """The statement called ``name``; raises AttributeError naming the file."""
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"{self._source} has no statement named {name}") from None

    def __iter__(self) -> Any:
        """Pairs of name and statement, for the test that prepares them all."""
        return iter(self._statements.items())


_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def load_queries(package: str, file: str = "queries.sql") -> Queries:
    """Read ``queries.sql`` beside ``package``: blocks that start with ``-- name: insert_orders``.

    Raises ValueError when a name stands twice or text stands before the first name.
    """
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    source = f"{package}/{file}"
    head, *parts = _NAME.split(text)
    if any(line and not line.startswith("--") for line in head.splitlines()):
        raise ValueError(f"{source} has a statement before the first name")
    statements: dict[str, LiteralString] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in statements:
            raise ValueError(f"{source} names {name} twice")
        # The files are part of the program: as literal as if they stood in the source.
        statements[name] = cast("LiteralString", body.strip().rstrip(";"))
    return Queries(source, statements)


def array(values: Iterable[object]) -> str:
    """Values as the text of an array, to be cast in the statement, such as ``%(id)s::text[]``.

    psycopg makes arrays element by element, 8 µs each: most of the time that a batch of a thousand rows took.
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return value.isoformat() if isinstance(value, datetime) else str(value)


queries = load_queries(__package__, "watch.sql")
