"""The database: one pool, two ways to use it, named SQL. Only this module begins and commits transactions."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
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

Connection = AsyncConnection[tuple[Any, ...]]

ACQUIRE_SECONDS = 2.0
QUICK_ACQUIRE_SECONDS = 0.2
"""While the database is known to be away, nobody waits the full time for it."""
AWAY_SECONDS = 1.0


class DatabaseUnavailable(Exception):  # noqa: N818 - a state of the world, not a fault of the program
    """The database cannot be asked just now: gone, too slow, full, or out of connections. Trying again may help."""


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
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            make_conninfo(url, options=options, connect_timeout=3, application_name="opsconsole"),
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
        self._away_until = 0.0

    async def open(self) -> None:
        """Start the pool; does not wait for the database, which may come later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode. Raises DatabaseUnavailable."""
        quick = time.monotonic() < self._away_until
        try:
            async with self._pool.connection(QUICK_ACQUIRE_SECONDS if quick else ACQUIRE_SECONDS) as connection:
                self._away_until = 0.0
                yield connection
        except (PoolTimeout, PoolClosed) as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            raise DatabaseUnavailable("no connection could be had") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise DatabaseUnavailable(_reason(error)) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, committed on exit, rolled back by an exception. Raises DatabaseUnavailable."""
        async with self.read() as connection, connection.transaction():
            yield connection


def _reason(error: psycopg.Error) -> str:
    match error:
        case psycopg.errors.QueryCanceled():
            return "the statement took too long"
        case psycopg.errors.LockNotAvailable() | psycopg.errors.DeadlockDetected():
            return "somebody else holds the record"
        case psycopg.errors.DiskFull():
            return "the disk of the database is full"
        case psycopg.errors.TooManyConnections():
            return "the database has no connection left"
        case _:
            return "the connection was lost"


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
