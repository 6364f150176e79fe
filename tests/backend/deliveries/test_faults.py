"""Whatever is killed, each endpoint has each entry, first arrivals are in order, and one probe goes at a time."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import psycopg

from backend.deliveries.commands.actions import ask_shop
from backend.deliveries.sending.sender import Sender
from models.deliveries.connections import ShopSettings
from tests.backend.deliveries.fixtures import (
    KEY,
    LOOPBACK,
    STORE,
    Post,
    Received,
    Receiver,
    ports,
    post,
    receiving,
    started,
    until,
)
from tests.backend.deliveries.sender_process import LEASE

chance = SystemRandom()
ROOT = Path(__file__).parents[3]
ENTRIES = int(os.environ.get("OPSCONSOLE_FAULT_ENTRIES", "400"))
"""Times twenty endpoints. docs/performance.md says how long 3000 and 20 000 take."""
ENDPOINTS = 20
COMMANDS = 50
CALAMITIES = max(8, ENTRIES // 250)


class FirstArrivals(Receiver):
    """Of hundreds of thousands of requests no more than is asked for at the end, and how many different ones came."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, dict[str, None]] = defaultdict(dict)
        """Ids by path, in the order in which they came first."""
        self.requests = 0
        self.arrived = 0
        self.asked: set[tuple[str, int]] = set()
        """Ids of commands with the orders they were about."""

    def note(self, request: Received) -> None:
        if request.body.get("type") in {"canary", "test"}:
            return
        if request.path == "/shop":
            self.asked.add((request.id, request.body["data"]["orderId"]))
            return
        self.requests += 1
        known = self.first[request.path]
        self.arrived += request.id not in known
        known.setdefault(request.id)


class Senders:
    """Processes that send, until they are killed."""

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self.running = [self._start() for _ in range(count)]

    def _start(self) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-m", "tests.backend.deliveries.sender_process", self._url, KEY]
        return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self, number: int) -> None:
        self.running[number].kill()
        self.running[number].wait()
        self.running[number] = self._start()

    async def freeze(self, number: int) -> None:
        """Beyond its lease: what it sends afterwards is refused by the database."""
        self.running[number].send_signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE * 1.5)
        self.running[number].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        for each in self.running:
            each.kill()
            each.wait()


async def write(url: str, entries: int) -> None:
    """Four writers; each third transaction is rolled back, and some commit late."""

    async def one(count: int) -> None:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            done = 0
            while done < count:
                batch = min(25, count - done)
                await connection.execute(
                    "insert into audit_log (actor, action, resource_type, resource_id, version)"
                    " select 'test', 'test.thing.done', 'thing', i::text, 1 from generate_series(1, %s::int) as i",
                    (batch,),
                )
                await asyncio.sleep(chance.uniform(0, 0.05))
                if chance.random() < 0.3:
                    await connection.rollback()
                else:
                    await connection.commit()
                    done += batch

    await asyncio.gather(*(one(entries // 4) for _ in range(4)))


async def test_nothing_is_missing_and_order_holds_whatever_is_killed(
    database_url: str, owner_url: str, record_property: Callable[[str, object], None]
) -> None:
    async with post(database_url, owner_url) as it, started(FirstArrivals()) as receiver:
        paths = [f"/e{number}" for number in range(ENDPOINTS)]
        for number, path in enumerate(paths):
            await it.connect(receiver.url(path), ordered=number < ENDPOINTS // 2)
        settings = ShopSettings(url=receiver.url("/shop"))
        await it.connect("", name="Shop", settings=settings, subscriptions=())
        async with it.database.transaction() as tx:
            for number in range(COMMANDS):
                await ask_shop(tx, name="order.refund", about=str(number), data={"orderId": number})
        senders = Senders(database_url, 2)
        try:
            writing = asyncio.create_task(write(owner_url, ENTRIES))
            await until(lambda: receiver.arrived, 60.0)
            await disturb(senders, receiver)
            await writing
            await until(lambda: receiver.arrived >= ENTRIES * ENDPOINTS and done(it), 100.0 + ENTRIES / 4)
        finally:
            senders.stop()
        record_property("requests", check(it, receiver, paths))


async def disturb(senders: Senders, receiver: Receiver) -> None:
    for number in range(CALAMITIES):
        await asyncio.sleep(chance.uniform(1.0, 3.0))
        match number % 4:
            case 0 | 1:
                senders.kill(number % 2)
            case 2:
                await receiver.restart(0.5)
            case 3:
                await senders.freeze(0)


def done(it: Post) -> bool:
    """What has arrived is written down as well: a sender writes it after the answer."""
    if it.sql("select 1 from shop_command where state <> 'done' limit 1"):
        return False
    return it.sql("select count(*) from delivery where state = 'sent'") == [(ENTRIES * ENDPOINTS,)]


def check(it: Post, receiver: FirstArrivals, paths: list[str]) -> str:
    positions = {
        str(key): position
        for key, position in it.sql("select id, position from audit_position where action = 'test.thing.done'")
    }
    assert len(positions) == ENTRIES
    for number, path in enumerate(paths):
        first = list(receiver.first[path])
        assert set(first) == positions.keys(), path  # none missing, none made up
        if number < ENDPOINTS // 2:
            assert [positions[key] for key in first] == sorted(positions.values()), path
    assert it.sql("select state, count(*) from delivery group by 1") == [("sent", ENTRIES * ENDPOINTS)]
    commands = {str(key) for (key,) in it.sql("select id from shop_command")}
    assert {key for key, _ in receiver.asked} == commands  # a repeat carries the same id
    assert len(receiver.asked) == COMMANDS
    repeats = receiver.requests - receiver.arrived
    return f"{receiver.requests} requests, of which {repeats / receiver.requests:.1%} were repeats"


async def test_of_four_senders_one_probes_at_a_time(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        paths = [f"/p{number}" for number in range(3)]
        for path in paths:
            receiver.plan[path] = 503
            await it.connect(receiver.url(path), ordered=True)
        it.record(5)
        tasks = [asyncio.create_task(Sender(it.database, ports(), STORE, LOOPBACK, within=2.0).run()) for _ in range(4)]
        try:
            open_now = "select count(*) from connection_health where opened_until is not null"
            while it.sql(open_now) != [(3,)]:
                it.sql("update lane set due_at = now() where due_at > now()")
                it.sql("update delivery set due_at = now() where due_at > now()")
                await asyncio.sleep(0.05)
            await until(lambda: not any(receiver.busy.values()))
            receiver.busiest.clear()
            receiver.delay = 0.2
            for probes in range(1, 6):
                it.sql("update connection_health set opened_until = now()")
                await until(lambda least=probes: it.sql("select min(probes) from connection_health") >= [(least,)])
            assert set(receiver.busiest.values()) == {1}
            receiver.plan.clear()
            it.sql("update connection_health set opened_until = now()")
            await until(lambda: it.states() == {"sent": 15})
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)  # each to its end, not the first
