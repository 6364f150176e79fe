"""One follower of the audit log for each process, and the listeners it tells.

The follower reads by position, so replicas need not know of each other, and a console may go on at any of them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from psycopg.rows import dict_row

from backend.core.background import SetAside
from backend.core.backoff import pause
from backend.core.capability import Audience, Audiences
from backend.core.database import Database, DatabaseUnavailable, load_queries
from backend.core.logs import logger
from backend.core.security import Principal
from models.core.live import Change
from models.core.permissions import Permission
from models.core.topics import Topic

log = logger(__name__)
queries = load_queries(__package__)

POLL_SECONDS = 0.25
LONGEST_PAUSE = 2.0
RECHECK_SECONDS = 5.0
"""How often everybody's permissions are looked up although nothing says they changed."""
BACKLOG_MOST = 10_000
"""A console that missed more than this asks for everything anew."""
QUEUE_MOST = 2_000
"""Events that wait for one listener; whoever is slower than that is told to ask for everything anew."""
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One change, written out once for all who hear of it."""

    position: int
    audience: Audience
    concerned: frozenset[str]
    text: bytes
    changes_access: bool = False
    """Somebody may do more or less after it."""

    def heard_by(self, user_id: str, permissions: frozenset[Permission]) -> bool:
        """Whether somebody may know."""
        who = self.audience
        return not who.permissions.isdisjoint(permissions) or (who.concerned and user_id in self.concerned)


def event_text(topic: Topic, position: int, change: Change | None = None) -> bytes:
    """An event in the form of server-sent events."""
    data = change.model_dump_json(by_alias=True) if change is not None else "{}"
    return f"id: {position}\nevent: {topic}\ndata: {data}\n\n".encode()


@dataclass(eq=False)
class Listener:
    """One console's stream: what waits to be sent to it."""

    user_id: str
    permissions: frozenset[Permission]
    position: int
    waiting: deque[bytes] = field(default_factory=deque)
    lost: bool = False
    """It was too slow, or missed too much: it must ask for everything anew."""
    ended: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, event: LiveEvent) -> None:
        """Queue an event if it may be heard."""
        self.position = event.position
        if event.heard_by(self.user_id, self.permissions):
            self.push(event.text)

    def push(self, text: bytes) -> None:
        """Queue what is said to this listener."""
        if len(self.waiting) >= QUEUE_MOST:
            self.lost = True
            self.waiting.clear()
        elif not self.lost:
            self.waiting.append(text)
        self.wake.set()

    def end(self) -> None:
        """Let the stream end after what waits."""
        self.ended = True
        self.wake.set()


class Broadcast:
    """All listeners of this process."""

    def __init__(self, database: Database, audiences: Audiences) -> None:
        self._database = database
        self._audiences = audiences
        self._listeners: set[Listener] = set()
        self._position: int | None = None
        self._needed = asyncio.Event()
        self._beginning = asyncio.Lock()
        self._recheck_at = 0.0
        self._aside = SetAside("live stream")
        self.ending = False

    @property
    def count(self) -> int:
        """How many listen."""
        return len(self._listeners)

    async def listen(self, principal: Principal, last: int | None) -> Listener:
        """Begin to listen, after position ``last`` if the console knows one. Raises DatabaseUnavailable."""
        async with self._beginning:
            if self._position is None:
                self._position = await self._newest()
        newest = self._position
        listener = Listener(principal.user_id, principal.permissions, newest)
        self._listeners.add(listener)  # from here on it misses nothing: no turn of the loop lies between
        self._needed.set()
        if self.ending:
            listener.end()
        if last is not None and last != newest:
            if 0 <= newest - last <= BACKLOG_MOST:
                try:
                    await self._catch_up(listener, last, newest)
                except DatabaseUnavailable:
                    self.forget(listener)
                    raise
            elif last > newest:
                # This process may be a little behind another one; positions from another database are not ours.
                listener.lost = last > await self._newest()
            else:
                listener.lost = True
        return listener

    def forget(self, listener: Listener) -> None:
        """A stream is gone."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._needed.clear()

    def end(self) -> None:
        """The process is about to end: so are all streams."""
        self.ending = True
        for listener in self._listeners:
            listener.end()

    async def run(self) -> None:
        """Follow the audit log until cancelled; rests while nobody listens."""
        failures = 0
        while True:
            if not self._listeners:
                self._position = None
                await self._needed.wait()
            try:
                await self._deliver()
                failures = 0
            except DatabaseUnavailable:
                failures += 1  # consoles learn of it from their own requests
            except Exception:
                failures += 1
                log.exception("live stream turn failed")
            await asyncio.sleep(pause(failures, 2 * POLL_SECONDS, LONGEST_PAUSE) if failures else POLL_SECONDS)

    async def _deliver(self) -> None:
        if self._position is None:
            return
        events = await self._read(self._position, None)
        for event in events:
            for listener in self._listeners:
                if event.position > listener.position:
                    listener.offer(event)
            self._position = event.position
        await asyncio.sleep(0)
        changed = any(event.changes_access for event in events)
        if changed or time.monotonic() > self._recheck_at:
            await self._recheck()

    async def _recheck(self) -> None:
        self._recheck_at = time.monotonic() + RECHECK_SECONDS
        users = {listener.user_id for listener in self._listeners}
        async with self._database.read() as connection:
            cursor = await connection.execute(queries.permissions, {"user_ids": sorted(users)})
            rows = await cursor.fetchall()
        known = Permission._value2member_map_
        allowed = {user: frozenset(Permission(p) for p in keys if p in known) for user, keys in rows}
        for listener in tuple(self._listeners):
            now = allowed.get(listener.user_id)
            if now is None:
                listener.end()
            elif now != listener.permissions:
                listener.permissions = now
                listener.push(event_text(Topic.ME, listener.position))

    async def _catch_up(self, listener: Listener, last: int, newest: int) -> None:
        live = listener.waiting
        listener.waiting = deque()
        missed: deque[bytes] = deque()
        while last < newest:
            events = await self._read(last, newest)
            if not events:
                break
            missed.extend(e.text for e in events if e.heard_by(listener.user_id, listener.permissions))
            last = events[-1].position
        # What happened meanwhile comes after what was missed.
        listener.waiting = deque((*missed, *live, *listener.waiting))
        listener.wake.set()

    async def _newest(self) -> int:
        async with self._database.read() as connection:
            row = await (await connection.execute(queries.newest)).fetchone()
        return 0 if row is None else int(row[0])

    async def _read(self, position: int, through: int | None) -> list[LiveEvent]:
        async with self._database.read() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(queries.since, {"position": position, "through": through, "limit": BATCH})
            return [self._readable(row) for row in await cursor.fetchall()]

    def _readable(self, row: dict[str, Any]) -> LiveEvent:
        """The event of an entry; of one that cannot be read, one that nobody hears, so that the others are heard."""
        try:
            return self._event(row)
        except (ValueError, TypeError, KeyError) as error:
            self._aside.put(row["position"], error)
            return LiveEvent(row["position"], Audience(Topic.AUDIT, frozenset()), frozenset(), b"")

    def _event(self, row: dict[str, Any]) -> LiveEvent:
        resource_type = row["resource_type"]
        change = Change(resource_type=resource_type, resource_id=row["resource_id"], version=row["version"])
        who = self._audiences.of(resource_type)
        return LiveEvent(
            row["position"],
            who,
            frozenset(row["concerned"]),
            event_text(who.topic, row["position"], change),
            resource_type in self._audiences.changes_access,
        )
