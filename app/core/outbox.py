"""The durable outbox: what an operator decided is on disk before it is sent, and stays until the server has answered.

One SQLite file for each server or data folder. Several consoles of one profile share it: each sends what it wrote
itself, and takes over from one that does not live any more.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from app.core import files
from app.core.clock import is_instant
from app.core.json_text import parse_json
from app.core.life_sign import LifeSign, has_ended

T = TypeVar("T")

SCHEMA = 1
PATIENCE = 2.0
BEAT_SECONDS = 3.0
DEAD_AFTER = 10.0
"""Seconds without a sign of life after which another console takes over what a killed one left, where the system does
not tell by itself that it has ended (``app.core.life_sign``)."""
DONE_KEPT = 1_000

CREATE = """
create table intent (
    seq integer primary key autoincrement, key text not null unique, owner text not null, user_id text not null,
    kind text not null, title text not null, method text not null, path text not null, body text, version integer,
    resource text not null, record text, base text, builds_on text, state text not null, attempts integer not null,
    created_at real not null, tried_at real, detail text not null, theirs text
);
create table done (
    seq integer primary key, key text not null unique, user_id text not null, kind text not null, title text not null,
    resource text not null, created_at real not null, ended_at real not null, outcome text not null,
    detail text not null, undo text, undone integer not null default 0
);
create table sender (owner text primary key, seen real not null);
"""


class OutboxError(OSError):
    """A pending mutation cannot be kept; nothing was sent. The words are for the operator."""


class State(StrEnum):
    """Where a pending mutation stands."""

    WAITING = "waiting"
    """Will be sent, or sent again."""
    HELD = "held"
    """Waits for a second factor."""
    CONFLICT = "conflict"
    """Somebody else changed the record: the operator chooses."""
    REFUSED = "refused"
    """The server said no; the operator has not read it yet."""
    UNKNOWN = "unknown"
    """It may have been done: only the operator can tell whether to ask again."""
    UNREADABLE = "unreadable"
    """Its row in the file holds what no opsconsole of this release writes. It is never sent, and stays as it is on the
    disk until the operator has read of it."""


@dataclass(frozen=True, slots=True)
class PendingMutation:
    """Something an operator decided, exactly as it goes to the server."""

    key: str
    """Idempotency key: the server does it once, however often it is sent."""
    user_id: str
    kind: str
    title: str
    method: str
    path: str
    body: str | None
    version: int | None
    """What it is based on (``If-Match``); for one that builds on another, known when that has settled."""
    resource: str
    """What it changes, for example ``alert_rule:…``: pending mutations for one resource go in order."""
    record: str | None = None
    """Address to GET the resource at."""
    base: str | None = None
    """The record as the operator saw it, JSON."""
    builds_on: str | None = None
    """Key of the pending mutation before it on the same resource, not settled when this one was made."""
    state: State = State.WAITING
    attempts: int = 0
    """How often it was sent: after the first time it may have been done."""
    created_at: float = 0.0
    tried_at: float | None = None
    detail: str = ""
    """Why it is where it is, in words."""
    theirs: str | None = None
    """The record as somebody else left it, JSON, for a conflict."""
    seq: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        """What it wants to change, by the names of the contract."""
        return parse_json(self.body) if self.body else {}


@dataclass(frozen=True, slots=True)
class SettledMutation:
    """Something that has ended, for the list of one's own actions."""

    seq: int
    key: str
    user_id: str
    kind: str
    title: str
    resource: str
    created_at: float
    ended_at: float
    outcome: str
    """``done``, ``refused``, ``withdrawn``, ``theirs kept``."""
    detail: str
    undo: str | None
    """The pending mutation that takes it back, JSON, where there is one."""
    undone: bool


def outbox_path(profile: Path, target: str) -> Path:
    """One file per server or data folder: what was decided for one is never sent to another."""
    return profile / f"outbox-{hashlib.sha256(target.encode()).hexdigest()[:12]}.db"


class Outbox:
    """Reads and writes the file, on one thread of its own."""

    def __init__(self, path: Path, say: Callable[[str], Any] = lambda _words: None) -> None:
        """``say`` is told, from the outbox's thread, when a damaged file had to be set aside."""
        self.path = path
        self.owner = uuid4().hex
        self._say = say
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._connection: sqlite3.Connection | None = None
        self._seen_at = 0.0
        self._sign = LifeSign(self._sign_path(self.owner))
        self._named: set[str] = set()
        """Keys of the unreadable the operator was told of."""

    # --- asked by the mutations ----------------------------------------------------------------------------------

    async def add(self, mutation: PendingMutation) -> PendingMutation:
        """Keep a pending mutation; it is on disk when this returns. Raises OutboxError."""
        return await self._run(self._add, mutation)

    async def take_over(self) -> list[PendingMutation]:
        """Ours and those of consoles that live no more, in order; they are ours from now on. Raises OutboxError."""
        return await self._run(self._take_over)

    async def change(self, mutation: PendingMutation, **changes: Any) -> PendingMutation:
        """Write other values into a pending mutation and answer it. Raises OutboxError."""
        return await self._run(self._change, mutation, changes)

    async def settle(
        self,
        mutation: PendingMutation,
        outcome: str,
        detail: str = "",
        *,
        version: int | None = None,
        undo: str | None = None,
    ) -> None:
        """End a pending mutation; those that build on it are based on ``version`` from now on. Raises OutboxError."""
        await self._run(self._settle, mutation, outcome, detail, version, undo)

    async def beat(self) -> None:
        """Tell others that this console lives. Raises OutboxError."""
        await self._run(lambda: self._transaction(self._alive))

    async def others(self) -> bool:
        """Whether there are pending mutations of other consoles. Raises OutboxError."""
        return await self._run(self._others)

    async def settled_by(self, user_id: str, limit: int = 200) -> list[SettledMutation]:
        """What one has done here, newest first. Raises OutboxError."""
        return await self._run(self._done, user_id, limit)

    async def note_undone(self, key: str) -> None:
        """Remember that something was taken back. Raises OutboxError."""
        await self._run(self._note_undone, key)

    async def close(self) -> None:
        """Let others take over at once what is left."""
        await self._run(self._leave)
        self._thread.shutdown(wait=False)

    # --- on the thread -------------------------------------------------------------------------------------------

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work, *arguments)

    def _guarded(self, work: Callable[..., T], *arguments: Any) -> T:
        try:
            try:
                return work(*arguments)
            except sqlite3.DatabaseError as error:
                if not _damaged(error):
                    raise
                self._set_aside()
                return work(*arguments)
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, OutboxError):
                raise
            raise OutboxError(
                f"What you decide cannot be kept safely on this computer, so it is not sent: {_words(error)}."
            ) from error

    def _sign_path(self, owner: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{owner}.lives")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            files.make_folder(self.path.parent)
            self._sign.give()  # before others read in the file that there is somebody
            files.keep_private(self.path)
            connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                connection.row_factory = sqlite3.Row
                # Durable: a decision outlives a power cut. WAL: a second console reads while this one writes.
                connection.execute("pragma journal_mode = wal")
                connection.execute("pragma synchronous = full")
                connection.execute("begin immediate")
                _prepare(connection)
                connection.execute("commit")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _set_aside(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        aside = self.path.with_name(f"{self.path.name}.{datetime.now(UTC):%Y%m%d-%H%M%S}.broken")
        self.path.replace(aside)
        for rest in ("-wal", "-shm"):
            self.path.with_name(self.path.name + rest).unlink(missing_ok=True)
        self._say(
            f"The list of what waits to be sent was damaged; it was set aside as {aside.name}. Check what you did."
        )

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._open()
        connection.execute("begin immediate")
        try:
            result = work(connection)
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        return result

    def _alive(self, connection: sqlite3.Connection) -> None:
        now = time.time()
        if abs(now - self._seen_at) > BEAT_SECONDS:
            connection.execute("insert or replace into sender (owner, seen) values (?, ?)", (self.owner, now))
            self._seen_at = now

    def _add(self, mutation: PendingMutation) -> PendingMutation:
        def work(connection: sqlite3.Connection) -> PendingMutation:
            self._alive(connection)
            values = _values(mutation) | {"owner": self.owner}
            cursor = connection.execute(
                f"insert into intent ({', '.join(values)}) values ({', '.join(f':{name}' for name in values)})",  # noqa: S608
                values,
            )
            return replace(mutation, seq=int(cursor.lastrowid or 0))

        return self._transaction(work)

    def _take_over(self) -> list[PendingMutation]:
        def work(connection: sqlite3.Connection) -> list[PendingMutation]:
            self._seen_at = 0.0
            self._alive(connection)
            now = time.time()
            known = connection.execute("select owner, seen from sender where owner <> ?", (self.owner,)).fetchall()
            # A sign of life from the future is that of a clock that was set back.
            dead = [
                (owner,) for owner, seen in known if abs(now - seen) > DEAD_AFTER or has_ended(self._sign_path(owner))
            ]
            connection.executemany("delete from sender where owner = ?", dead)
            connection.execute(
                "update intent set owner = ? where owner not in (select owner from sender)", (self.owner,)
            )
            return [
                _mutation(row)
                for row in connection.execute("select * from intent where owner = ? order by seq", (self.owner,))
            ]

        found = self._transaction(work)
        self._name_unreadable(found)
        return found

    def _name_unreadable(self, found: Iterable[PendingMutation]) -> None:
        for mutation in found:
            if mutation.state is State.UNREADABLE and mutation.key not in self._named:
                self._named.add(mutation.key)
                self._say(f"“{mutation.title}” cannot be read any more and is not sent. Check whether it was done.")

    def _change(self, mutation: PendingMutation, changes: dict[str, Any]) -> PendingMutation:
        changed = replace(mutation, **changes)

        def work(connection: sqlite3.Connection) -> PendingMutation:
            self._alive(connection)
            names = ", ".join(f"{name} = :{name}" for name in changes)
            connection.execute(
                f"update intent set {names} where seq = :seq",  # noqa: S608 - names of fields of ours
                {name: _plain(getattr(changed, name)) for name in changes} | {"seq": mutation.seq},
            )
            return changed

        return self._transaction(work)

    def _settle(
        self, mutation: PendingMutation, outcome: str, detail: str, version: int | None, undo: str | None
    ) -> None:
        def work(connection: sqlite3.Connection) -> None:
            self._alive(connection)
            connection.execute("delete from intent where seq = ?", (mutation.seq,))
            connection.execute(
                "update intent set version = coalesce(?, version), builds_on = null where builds_on = ?",
                (version, mutation.key),
            )
            connection.execute(
                "insert or replace into done (seq, key, user_id, kind, title, resource, created_at, ended_at, outcome,"
                " detail, undo) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    mutation.seq,
                    mutation.key,
                    mutation.user_id,
                    mutation.kind,
                    mutation.title,
                    mutation.resource,
                    mutation.created_at,
                    time.time(),
                    outcome,
                    detail,
                    undo,
                ),
            )
            connection.execute("delete from done where seq <= ?", (mutation.seq - DONE_KEPT,))

        self._transaction(work)

    def _others(self) -> bool:
        found = self._open().execute("select exists (select 1 from intent where owner <> ?)", (self.owner,)).fetchone()
        return bool(found[0])

    def _done(self, user_id: str, limit: int) -> list[SettledMutation]:
        rows = self._open().execute("select * from done where user_id = ? order by seq desc limit ?", (user_id, limit))
        return [SettledMutation(**{**dict(row), "undone": bool(row["undone"])}) for row in rows]

    def _note_undone(self, key: str) -> None:
        self._transaction(lambda connection: connection.execute("update done set undone = 1 where key = ?", (key,)))

    def _leave(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with connection:
                connection.execute("delete from sender where owner = ?", (self.owner,))
            connection.close()
        self._sign.take_back()


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    if version > SCHEMA:
        raise OutboxError("What you decide cannot be kept: a newer opsconsole wrote the outbox; update this one first.")
    if version == 0:
        for statement in CREATE.split(";")[:-1]:
            connection.execute(statement)
        connection.execute(f"pragma user_version = {SCHEMA}")


def _values(mutation: PendingMutation) -> dict[str, Any]:
    names = (name for name in PendingMutation.__dataclass_fields__ if name != "seq")
    return {name: _plain(getattr(mutation, name)) for name in names}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, StrEnum) else value


def _mutation(row: sqlite3.Row) -> PendingMutation:
    """What a row holds; one that holds something else is UNREADABLE, with what can be shown of it."""
    values: dict[str, Any] = {name: row[name] for name in PendingMutation.__dataclass_fields__}
    odd = [name for name, fits in COLUMNS.items() if not fits(values[name])]
    if odd:
        shown = {name: "" if values[name] is None else str(values[name]) for name in NAMED}
        created_at = 0.0 if "created_at" in odd else values["created_at"]
        values |= {**shown, "body": None, "version": None, "record": None, "base": None, "builds_on": None}
        values |= {"attempts": 0, "created_at": created_at, "tried_at": None, "theirs": None}
        values |= {
            "state": State.UNREADABLE,
            "detail": f"Its {', '.join(odd)} in the file makes no sense to this opsconsole.",
        }
    return PendingMutation(**values | {"state": State(values["state"])})


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(text: Any) -> bool:
    try:
        return isinstance(text, str) and isinstance(parse_json(text), dict)
    except ValueError:
        return False


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


NAMED = ("key", "user_id", "kind", "title", "method", "path", "resource")
"""Columns that say what a row is about."""
COLUMNS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(NAMED, _is_text),
    "method": lambda value: value in {"POST", "PUT", "PATCH", "DELETE"},
    "path": lambda value: _is_text(value) and value.startswith("/"),
    **dict.fromkeys(("record", "builds_on"), _or_none(_is_text)),
    **dict.fromkeys(("body", "base", "theirs"), _or_none(_is_object)),
    "version": _or_none(lambda value: isinstance(value, int)),
    "attempts": lambda value: isinstance(value, int),
    "created_at": is_instant,
    "tried_at": _or_none(is_instant),
    "detail": _is_text,
    "state": lambda value: value in set(State) - {State.UNREADABLE},
}
"""What the sender and the panels go by, and how it must be."""


def _damaged(error: sqlite3.DatabaseError) -> bool:
    return any(sign in str(error) for sign in ("not a database", "malformed", "no such table", "no such column"))


def _words(error: Exception) -> str:
    words = str(getattr(error, "strerror", None) or error)
    if "full" in words or "No space" in words:
        return "the disk is full"
    if "locked" in words:
        return "another program holds the file"
    return words
