"""One lane at work: in order or as wide as its channel allows, at its rate, and a single probe while it fails."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx

from backend.core.database import Connection, Database
from backend.deliveries.channel import CommandChannel, Message, MessageKind, Outcome, Result, Target
from backend.deliveries.commands import actions as commands
from backend.deliveries.commands.actions import Command, CommandState
from backend.deliveries.egress import EgressRefusedError
from backend.deliveries.plan import patience, pause, probe_pause
from backend.deliveries.ports import People
from backend.deliveries.sending import actions
from backend.deliveries.sending.actions import BATCH, Holder
from backend.deliveries.sending.attempt import SECONDS, as_json, attempt, without_bodies
from backend.deliveries.sending.flusher import Flusher
from backend.deliveries.sending.judge import given_up, row_of
from backend.deliveries.sending.types import Claimed, Entry, Row, Tally
from models.deliveries.connections import ShopSettings

LATENCIES: Final = 100


@dataclass(frozen=True, slots=True)
class LaneContext:
    """What lanes of one sender share."""

    database: Database
    me: Holder
    flusher: Flusher
    tally: Callable[[Claimed], Tally]
    within: float = SECONDS
    canary_seconds: float = 300.0
    people: People | None = None


class LaneRun:
    """A lane from its claim to its release."""

    def __init__(
        self, context: LaneContext, lane_id: int, claimed: Claimed, client: httpx.AsyncClient, cursor: int
    ) -> None:
        self.lane_id, self.claimed, self.cursor = lane_id, claimed, cursor
        self.context, self.client = context, client
        self.halted = False
        """Nothing more is begun; what is in flight ends."""
        self.lost = False
        """Somebody else holds it."""
        self.due_in: float | None = None
        self._failures = 0
        self._open = False
        self._next_at = 0.0

    async def run(self, *, probing: bool, failures: int) -> None:
        """Work until nothing is due, the lane is lost, or it must wait. Raises DatabaseUnavailable."""
        self._failures = failures
        if not probing or await self._probe():
            await self.work()

    async def work(self) -> None:
        """Until nothing is due."""
        while not self.halted:
            async with self.context.database.read() as connection:
                entries = await actions.waiting(connection, self.lane_id, self.claimed, probing=False)
                fresh: list[Entry] = []
                head = self.cursor
                if not (self.claimed.ordered and entries) and len(entries) < BATCH:
                    fresh, head = await actions.following(
                        connection, self.lane_id, self.claimed, cursor=self.cursor, limit=BATCH - len(entries)
                    )
            if not entries and not fresh:
                self.cursor = max(self.cursor, head)
                return
            await self._batch(entries, fresh, head)

    def halt(self, due_in: float | None = None) -> None:
        """Begin nothing more; the lane rests for so long."""
        self.halted = True
        if due_in is not None:
            self.due_in = max(self.due_in or 0.0, due_in)

    def rest(self) -> float | None:
        """Seconds for which nobody is to claim the lane: until it is due, and as its rate says."""
        left = self._next_at - asyncio.get_running_loop().time()
        return max(left, self.due_in or 0.0) if left > 0 else self.due_in

    async def _batch(self, entries: Sequence[Entry], fresh: Sequence[Entry], head: int) -> None:
        left = deque((*entries, *fresh))

        async def work() -> None:
            while left and not self.halted:
                entry = left[0]
                if not entry.due:
                    self.halt(entry.seconds)
                    return
                left.popleft()
                await self._one(entry)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.claimed.width, len(left))):
                group.create_task(work())
        untried = [entry.position for entry in left if entry.first_at is None]
        if untried:
            self.cursor = max(self.cursor, min(untried) - 1)
        elif fresh and not self.halted:
            self.cursor = max(self.cursor, fresh[-1].position if len(entries) + len(fresh) >= BATCH else head)

    async def _one(self, entry: Entry) -> None:
        result, seconds = await self._try(entry)
        counts = not self._open
        if result.outcome is Outcome.RETRY and counts:
            await self._count_failure(result)
        row = await self._write(entry, result, seconds, counts=counts)
        if row is not None and row.state == "waiting" and self.claimed.ordered:
            # It goes first when it is due, and nothing overtakes it; dead, it lets the others go.
            self.halt(row.due_in)

    async def _try(self, entry: Entry) -> tuple[Result, float]:
        if entry.fault is not None:
            return entry.fault, 0.0
        waited = entry.waited + timedelta(seconds=time.monotonic() - entry.read_at)
        return await self.attempt(replace(entry.message, waited=waited), entry.target)

    async def _count_failure(self, result: Result) -> None:
        """At each answer, not at the end of a batch: what is in flight still goes out, but no more than that."""
        self._failures += 1
        self._open = await actions.mark_failed(self.context.database, self.claimed, result)
        if self._open:
            self.halt()

    async def _write(self, entry: Entry, result: Result, seconds: float, *, counts: bool) -> Row | None:
        """Write a result down and act on it; ``None`` when the lane is lost."""
        proven = False
        if result.outcome is Outcome.RETRY and entry.first_at is not None:
            async with self.context.database.read() as connection:
                proven = await actions.is_proven(connection, self.claimed, entry.first_at)
        row = row_of(self.lane_id, entry, result, seconds, counts=counts, proven=proven)
        if not await self.context.flusher.write(row):
            self.halt()
            return None
        self.count(row.state, seconds)
        await self._act_on(result, row.due_in)
        if result.remember and entry.message.notice is not None:
            async with self.context.database.read() as connection:
                thread = entry.message.notice.thread
                await actions.remember(connection, self.claimed, thread, dict(result.remember))
        return row

    async def _act_on(self, result: Result, due_in: float) -> None:
        match result.outcome:
            case Outcome.SENT if self._failures and not self._open:
                self._failures = 0
                async with self.context.database.read() as connection:
                    await actions.forgive(connection, self.claimed)
            case Outcome.MISCONFIGURED | Outcome.GONE:
                self.halt()
                await actions.stop(self.context.database, self.claimed.connection_id, result)
            case Outcome.WAIT:
                self.halt(due_in)

    async def attempt(self, message: Message, target: Target) -> tuple[Result, float]:
        """One try at the rate of the lane: counted from the last answer, for sending times say nothing of arrivals."""
        loop = asyncio.get_running_loop()
        if (left := self._next_at - loop.time()) > 0:
            await asyncio.sleep(left)
        found = await attempt(self.claimed.channel, self.client, target, message, self.context.within)
        if self.claimed.rate is not None:
            self._next_at = loop.time() + 1.0 / self.claimed.rate
        return found

    def count(self, state: str, seconds: float) -> None:
        """Add an attempt to the figures of the connection."""
        tally = self.context.tally(self.claimed)
        match state:
            case "sent" | "done":
                tally.sent += 1
                tally.last_success_at = datetime.now(UTC)
                tally.seconds = [*tally.seconds[1 - LATENCIES :], seconds]
            case "dead":
                tally.dead += 1
            case _:
                tally.retried += 1

    # --- while it fails

    async def _probe(self) -> bool:
        """The one probe: a canary, and when it arrives the first of what waits. True when all is well again."""
        context = self.context
        # A canary, a look at what became of a command, and the command: whoever probes must be able to end them.
        async with context.database.read() as connection:
            probes = await actions.take_probe(connection, context.me, self.claimed, 3 * context.within + 2.0)
        if probes is None:
            self.halt(1.0)
            return False
        failed, asked = probes
        result, seconds = await self.attempt(canary(asked=asked), self.claimed.target)
        await actions.mark_proved(context.database, self.claimed, result, seconds, context.canary_seconds)
        if result.outcome is Outcome.SENT:
            head = await self._probe_head()
            if head is None or head.outcome in {Outcome.SENT, Outcome.REFUSED, Outcome.UNCERTAIN}:
                await actions.close(context.database, context.me, self.claimed)
                self._failures, self._open, self.halted, self.due_in = 0, False, False, None
                return True
            result = head
        self.halt()
        if result.outcome in {Outcome.MISCONFIGURED, Outcome.GONE}:
            await actions.stop(context.database, self.claimed.connection_id, result)
            return False
        rest = patience(result.retry_after) if result.outcome is Outcome.WAIT else probe_pause(failed + 1)
        async with context.database.read() as connection:
            await actions.end_probe(connection, context.me, self.claimed, rest, result)
        return False

    async def _probe_head(self) -> Result | None:
        """Send what waits longest, due or not; its failure is its own, for the canary got through.

        ``None`` when nothing waits, or what failed is given up: then nothing is in the way any more.
        """
        async with self.context.database.read() as connection:
            entries = await actions.waiting(connection, self.lane_id, self.claimed, probing=True)
            if not entries:
                entries, _ = await actions.following(
                    connection, self.lane_id, self.claimed, cursor=self.cursor, limit=1
                )
            if not entries:
                command = await self.next_command(connection, probing=True)
                return None if command is None else await self.send_command(command, counts=True)
        result, seconds = await self._try(entries[0])
        row = await self._write(entries[0], result, seconds, counts=True)
        return None if row is not None and row.state == "dead" else result

    # --- commands

    async def next_command(self, connection: Connection, *, probing: bool = False) -> Command | None:
        """The next command, its attempt counted already."""
        return await commands.begin_next(
            connection,
            me=self.context.me.id,
            lane_id=self.lane_id,
            connection_id=self.claimed.connection_id,
            probing=probing,
        )

    async def send_command(self, command: Command, *, counts: bool) -> Result:
        """Ask the shop; where an answer was lost and it does not know ids, look first whether it is done."""
        data, blocker = await self._filled_in(command.data)
        message = Message(
            str(command.id), MessageKind.COMMAND, command.name, command.created_at, data, None, command.reached
        )
        result, seconds = (await self._look_up(message) if command.lost else None), 0.0
        result = result or blocker
        if result is None:
            result, seconds = await self.attempt(message, self.claimed.target)
            if result.outcome is Outcome.RETRY and counts and not self._open:
                await self._count_failure(result)
        failed = result.outcome is Outcome.RETRY
        proven = False
        if failed:
            async with self.context.database.read() as connection:
                proven = await actions.is_proven(connection, self.claimed, command.first_at)
        state, due_in = CommandState.WAITING, 0.0
        match result.outcome:
            case Outcome.SENT:
                state = CommandState.DONE
            case Outcome.REFUSED:
                state = CommandState.DEAD
            case Outcome.UNCERTAIN:
                state = CommandState.UNCERTAIN
            case Outcome.RETRY:
                due_in = pause(command.attempts)
                if given_up(command.attempts, command.age.total_seconds(), proven=proven):
                    state = CommandState.DEAD
            case Outcome.WAIT:
                due_in = patience(result.retry_after)
        await commands.end_attempt(
            self.context.database,
            command,
            state=state,
            counts=state != CommandState.WAITING or (failed and counts),
            result=result,
            due_in=due_in,
            seconds=seconds,
            exchange=as_json(result.exchange if data is command.data else without_bodies(result.exchange)),
        )
        self.count(state, seconds)
        await self._act_on(result, due_in)
        return result

    async def _filled_in(self, data: dict[str, Any]) -> tuple[dict[str, Any], Result | None]:
        """With who the person is that a command names by number, or why it cannot be sent; else the same data.

        Only here, as it is sent: what is kept of a command never says who somebody is.
        """
        people = self.context.people
        if people is None or not people.marks & data.keys():
            return data, None
        try:
            async with self.context.database.read() as connection:
                known = await people.fill_in(connection, data)
        except LookupError as error:
            return data, Result(Outcome.RETRY, str(error), reached=False)
        if known is None:
            words = "the person was erased: nobody is left to ask about"
            return data, Result(Outcome.REFUSED, words, reached=False)
        return {**data, **known}, None

    async def _look_up(self, message: Message) -> Result | None:
        """Whether it is done already; ``None`` when it is not, or the shop knows ids: then it may be asked again."""
        settings = self.claimed.target.settings
        if isinstance(settings, ShopSettings) and settings.knows_ids:
            return None
        found: bool | None = None
        if isinstance(self.claimed.channel, CommandChannel):
            try:
                async with asyncio.timeout(self.context.within):
                    found = await self.claimed.channel.look_up(self.client, self.claimed.target, message)
            except (TimeoutError, EgressRefusedError, httpx.HTTPError, OSError) as error:
                words = f"what became of it could not be asked: {error or type(error).__name__}"
                return Result(Outcome.RETRY, words)
        if found is None:
            words = "its answer was lost, and the shop does not say whether it is done"
            return Result(Outcome.UNCERTAIN, words)
        return Result(Outcome.SENT, "done already, as the shop says") if found else None


def canary(*, asked: bool) -> Message:
    """A message that proves the route and asks for nothing; ``asked`` for by a person, who wants to see it arrive."""
    kind = MessageKind.TEST if asked else MessageKind.CANARY
    return Message(f"{kind}-{uuid4()}", kind, kind, datetime.now(UTC), {})
