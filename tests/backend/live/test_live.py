"""The live stream over real connections: nothing lost, nothing told to the wrong, slow ones dropped, a clean end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from backend.audit.relay import queries, stamp
from backend.core import audit_trail
from backend.core.background import Background
from backend.core.capability import Audience, Audiences
from backend.core.database import Database
from backend.live import broadcast as live
from backend.live import routes
from backend.live.broadcast import Broadcast, Listener, LiveEvent
from models.core.permissions import Permission
from models.core.topics import Topic
from tests.conftest import Api, serve_in_thread

STREAM = "/api/operations/stream"
ALERTS = Audience(Topic.ALERTS, frozenset({Permission.VIEW_DASHBOARD}))


@dataclass
class Heard:
    """What one console has heard."""

    events: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    last: int | None = None
    ended: bool = False

    def topics(self) -> list[str]:
        return [topic for _, topic, _ in self.events]


async def _follow(answer: httpx.Response, heard: Heard) -> None:
    event: dict[str, str] = {}
    try:
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif event:
                if "id" in event:
                    heard.last = int(event["id"])
                if "event" in event:
                    heard.events.append((int(event["id"]), event["event"], json.loads(event["data"])))
                event = {}
    except httpx.HTTPError:
        pass
    heard.ended = True


@asynccontextmanager
async def listening(
    api: Api, role: str = "operations-lead", *, last: int | None = None, url: str | None = None, **claims: Any
) -> AsyncIterator[Heard]:
    headers = {"Authorization": f"Bearer {api.token(role, **claims)}"}
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    heard = Heard()
    async with (
        httpx.AsyncClient(base_url=url or api.base_url, timeout=httpx.Timeout(10, read=30)) as client,
        client.stream("GET", STREAM, headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        task = asyncio.create_task(_follow(answer, heard))
        await until(lambda: heard.last is not None)
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.wait({task})


async def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


class Changes:
    """Writes audit rows and gives them their positions, as actions and the worker do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, resource_type: str, resource_id: str = "1", **more: Any) -> None:
        async with self._database.transaction() as tx:
            await audit_trail.record(
                tx,
                actor=more.pop("actor", "somebody"),
                action=f"{resource_type}.changed",
                resource_type=resource_type,
                resource_id=resource_id,
                **more,
            )
        await self._stamped()

    async def _stamped(self) -> None:
        # A transaction anywhere on the server, of another test too, holds the relay back for its length.
        for _ in range(500):
            await stamp(self._database, None)  # type: ignore[arg-type]
            async with self._database.read() as connection:
                row = await (await connection.execute(queries.lag)).fetchone()
            if row == (0.0,):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the relay was held back for 5 s")


@pytest.fixture
def changes(api: Api, open_database: Any) -> Callable[[], Any]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Changes]:
        async with open_database() as database:
            await Changes(database)._stamped()
            yield Changes(database)

    return opened


async def test_what_changes_is_heard_with_resource_and_version(api: Api, changes: Any) -> None:
    async with changes() as change, listening(api) as heard:
        await change.make("alert", "a1", version=3)
        await until(lambda: bool(heard.events))
        position, topic, data = heard.events[0]
        assert (topic, data) == ("alerts", {"resourceType": "alert", "resourceId": "a1", "version": 3})
        assert position == heard.last


async def test_nobody_hears_what_they_may_not_read(api: Api, changes: Any) -> None:
    async with changes() as change, listening(api, "viewer") as viewer, listening(api, "administrator") as admin:
        await change.make("role_assignment", "x", after={"userId": "risk-analyst"})
        await change.make("access_review")
        await change.make("something_new")
        await change.make("role_assignment", "y", after={"userId": "viewer"})
        await change.make("alert")
        await until(lambda: "alerts" in viewer.topics() and len(admin.events) >= 5)
        told = [(topic, data.get("resourceId")) for _, topic, data in viewer.events]
        assert told == [("assignments", "y"), ("alerts", "1")], "one's own assignment, and alerts"
        assert admin.topics() == ["assignments", "reviews", "audit", "assignments", "alerts"]


async def test_a_console_goes_on_where_it_was_at_another_replica(api: Api, changes: Any) -> None:
    async with changes() as change:
        async with listening(api) as heard:
            await change.make("alert", "1")
            await until(lambda: len(heard.events) == 1)
        for n in range(2, 30):
            await change.make("alert", str(n))
        api.stop()
        other, stop = serve_in_thread(api.settings)
        try:
            async with listening(api, last=heard.last, url=other) as again:
                await change.make("alert", "30")
                await until(lambda: len(again.events) >= 29)
                assert [data["resourceId"] for _, _, data in again.events] == [str(n) for n in range(2, 31)]
        finally:
            stop()


async def test_nothing_is_lost_or_told_twice_while_many_write_and_consoles_come_and_go(api: Api, changes: Any) -> None:
    async with changes() as change:
        seen: list[str] = []

        async def write(who: int) -> None:
            for n in range(40):
                await change.make("alert", f"{who}.{n}")

        async def come_and_go(last: int | None) -> None:
            while len(seen) < 160:
                async with listening(api, last=last) as heard:
                    for _ in range(20):  # until something came: on a busy machine a visit may else be too short for it
                        await asyncio.sleep(0.12)
                        if heard.events:
                            break
                seen.extend(data["resourceId"] for _, topic, data in heard.events if topic == "alerts")
                last = max([heard.last or 0, *(position for position, _, _ in heard.events)])

        async with listening(api) as heard:
            start = heard.last
        first = asyncio.create_task(come_and_go(start))
        await asyncio.gather(*(write(who) for who in range(4)))
        async with asyncio.timeout(120):
            await first
        assert sorted(seen) == sorted(f"{who}.{n}" for who in range(4) for n in range(40))


async def test_a_position_is_never_said_before_what_lies_up_to_it(api: Api, changes: Any) -> None:
    """Who is cut off in between would go on behind events that were never sent."""
    async with changes() as change, listening(api) as heard:
        start = heard.last
        await change.make("alert", "1")
        await until(lambda: bool(heard.events))
        headers = {"Authorization": f"Bearer {api.token('operations-lead')}", "Last-Event-ID": str(start)}
        async with (
            httpx.AsyncClient(base_url=api.base_url, timeout=10) as client,
            client.stream("GET", STREAM, headers=headers) as answer,
        ):
            lines = [line async for line in _first_lines(answer, 6)]
        assert lines[:2] == [": connected", ""]
        assert (lines[2], lines[3]) == (f"id: {(start or 0) + 1}", "event: alerts")


async def _first_lines(answer: httpx.Response, count: int) -> AsyncIterator[str]:
    async for line in answer.aiter_lines():
        yield line
        count -= 1
        if not count:
            return


async def test_too_much_missed_and_positions_of_another_database_mean_ask_anew(
    api: Api, changes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BACKLOG_MOST", 3)
    async with changes() as change:
        async with listening(api) as heard:
            start = heard.last
        await asyncio.sleep(3 * live.POLL_SECONDS)  # till the process follows nothing any more
        for _ in range(5):
            await change.make("alert")
        async with listening(api, last=start) as late:
            await until(lambda: late.ended)
            assert late.topics() == ["resync"]
        async with listening(api, last=10**12) as foreign:
            await until(lambda: foreign.ended)
            assert foreign.topics() == ["resync"]
        async with listening(api, last=late.last) as again:
            await change.make("alert")
            await until(lambda: again.topics() == ["alerts"])


async def test_permissions_are_followed_while_connected(api: Api, changes: Any) -> None:
    with psycopg.connect(api.owner_url, autocommit=True) as owner:
        async with changes() as change, listening(api, "operations-lead") as heard:
            owner.execute(
                "update role_assignment set revoked_at = now(), revoked_by = 'x' where user_id = 'operations-lead'"
            )
            await change.make("role_assignment", "z", after={"userId": "operations-lead"})
            await until(lambda: "me" in heard.topics())
            before = len(heard.events)
            await change.make("alert")
            await change.make("role_assignment", "own", after={"userId": "operations-lead"})
            await until(lambda: heard.events[-1][2].get("resourceId") == "own")
            assert [topic for topic in heard.topics()[before:] if topic == "alerts"] == []
            owner.execute("update account set disabled_at = now() where id = 'operations-lead'")
            await change.make("account", "operations-lead")
            await until(lambda: heard.ended)


async def test_a_stream_ends_with_its_token(api: Api) -> None:
    async with listening(api, lifetime=timedelta(seconds=1)) as heard:
        await until(lambda: heard.ended, 4)


def test_a_position_is_a_number(api: Api) -> None:
    answer = httpx.get(api.base_url + STREAM, headers=api.headers() | {"Last-Event-ID": "-1"}, timeout=5)
    assert answer.status_code == 422


async def test_two_hundred_streams_end_in_time(api: Api) -> None:
    headers = api.headers()
    heard = [Heard() for _ in range(200)]
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=api.base_url, timeout=20, limits=limits) as client:

        async def one(mine: Heard) -> None:
            async with client.stream("GET", STREAM, headers=headers) as answer:
                await _follow(answer, mine)

        tasks = [asyncio.create_task(one(mine)) for mine in heard]
        await until(lambda: all(mine.last is not None for mine in heard), 20)
        begun = time.monotonic()
        await asyncio.to_thread(api.stop)
        took = time.monotonic() - begun
        await asyncio.gather(*tasks)
    assert took < 3, f"the grace of 3 s was used up: {took:.1f} s"
    assert all(mine.ended for mine in heard)


def test_a_slow_console_is_told_to_ask_anew_and_holds_nobody_up() -> None:
    slow = Listener("a", frozenset(Permission), 0)
    for n in range(1, live.QUEUE_MOST + 2):
        slow.offer(LiveEvent(n, ALERTS, frozenset(), b"x"))
    assert slow.lost
    assert not slow.waiting, "what nobody will read is not kept"
    slow.offer(LiveEvent(2_000, ALERTS, frozenset(), b"x"))
    assert not slow.waiting


async def test_a_console_that_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch, open_database: Any) -> None:
    monkeypatch.setattr(routes, "SEND_PATIENCE", 0.2)
    async with open_database() as database:
        broadcast = Broadcast(database, Audiences())
        listener = Listener("a", frozenset(Permission), 0)
        broadcast._listeners.add(listener)
        stuck = asyncio.Event()

        async def receive() -> dict[str, str]:
            await stuck.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message.get("body", b"").startswith(b"id"):
                await stuck.wait()

        listener.offer(LiveEvent(1, ALERTS, frozenset(), b"id: 1"))
        stream = routes.EventStream(broadcast, listener, datetime.now(UTC) + timedelta(minutes=5))
        await asyncio.wait_for(stream({"type": "http"}, receive, send), 2)  # type: ignore[arg-type]
        assert broadcast.count == 0


async def test_an_idle_process_asks_the_database_nothing(open_database: Any) -> None:
    async with open_database() as database:
        broadcast = Broadcast(database, Audiences())
        asked = 0
        real = broadcast._read

        async def counted(*arguments: Any) -> Any:
            nonlocal asked
            asked += 1
            return await real(*arguments)

        broadcast._read = counted  # type: ignore[method-assign]
        async with Background().running("live stream", broadcast.run()):
            await asyncio.sleep(0.7)
        assert asked == 0
        assert broadcast.count == 0


@pytest.mark.expects_errors("a row was set aside")
async def test_an_entry_that_cannot_be_read_costs_the_next_ones_nothing(
    api: Api, changes: Callable[[], Any], owner_url: str
) -> None:
    async with changes() as made, listening(api) as heard:
        begun = heard.last
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(
                "insert into audit_log (actor, action, resource_type, resource_id, version)"
                " values ('somebody', 'alert.changed', 'alert', 'poison', -1)"
            )
        await made.make("alert", "good")
        await until(lambda: bool(heard.events))
        assert [data["resourceId"] for _, _, data in heard.events] == ["good"]
        # Whoever was away catches up over it too.
        async with listening(api, last=begun) as late:
            await until(lambda: bool(late.events))
            assert late.events == heard.events
