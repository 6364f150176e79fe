"""The sender: a service of the worker. Several share the work by claiming lanes; each may be killed at any time."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from backend.core.background import SetAside
from backend.core.backoff import pause
from backend.core.database import Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.deliveries.channel import Fault, Outcome, Result, Secrets, Target
from backend.deliveries.connections.actions import NO_SECRET
from backend.deliveries.connections.state import needs_secret
from backend.deliveries.egress import EgressGuard
from backend.deliveries.ports import DeliveryPorts
from backend.deliveries.secrets import SecretError, SecretStore
from backend.deliveries.sending import actions
from backend.deliveries.sending.actions import LEASE, SETTINGS, Holder
from backend.deliveries.sending.attempt import SECONDS, attempt
from backend.deliveries.sending.command_lane import CommandRun
from backend.deliveries.sending.flusher import Flusher
from backend.deliveries.sending.lane import LaneContext, LaneRun, canary
from backend.deliveries.sending.types import Claimed, Tally
from backend.deliveries.transport import http_client
from models.deliveries.connections import ConnectionKind, SecretPurpose

log = logger(__name__)

CANARY_THREAD: Final = "canary"
CONNECTIONS: Final = SetAside("connections of the sender")
CLAIM_EVERY: Final = 0.25
NOTE_EVERY: Final = 1.0
AGAIN_AFTER: Final = 30.0
"""A canary that failed is sent again so soon: one lost packet is no outage."""
KNOWN_FOR: Final = 60.0
"""Seconds a connection's secrets are kept in memory: the end of a rotation is not a change of a version."""


class Sender:
    """Claims lanes, works them, and lets them go."""

    def __init__(
        self,
        database: Database,
        ports: DeliveryPorts,
        store: SecretStore,
        guard: EgressGuard,
        *,
        canary_seconds: float = 300.0,
        within: float = SECONDS,
    ) -> None:
        self._database, self._ports, self._store, self._guard = database, ports, store, guard
        self._me = Holder(uuid4(), tuple(sorted(ports.channels)))
        self._tallies: dict[UUID, Tally] = {}
        flusher = Flusher(database, self._me)
        self._flusher = flusher
        self._context = LaneContext(database, self._me, flusher, self._tally, within, canary_seconds, ports.people)
        self._lanes: dict[int, tuple[LaneRun, asyncio.Task[None]]] = {}
        self._canaries: set[asyncio.Task[None]] = set()
        self._known: dict[tuple[UUID, int], tuple[float, Claimed]] = {}
        self._clients: dict[int, tuple[int, httpx.AsyncClient]] = {}

    async def run(self) -> None:
        """Until cancelled; then lanes are let go, so that others need not wait for the end of their leases."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._flusher.run(), name="results")
                group.create_task(self._every(CLAIM_EVERY, self._claim), name="claims")
                group.create_task(self._every(CLAIM_EVERY, self._prove), name="canaries")
                group.create_task(self._every(LEASE / 4, self._beat), name="heartbeat")
                group.create_task(self._every(NOTE_EVERY, self._note), name="figures")
        finally:
            await self._end()

    async def _every(self, seconds: float, turn: Any) -> None:
        failures = 0
        while True:
            try:
                await turn()
                failures = 0
            except DatabaseUnavailable as error:
                failures += 1
                log.warning("database unavailable", turn=turn.__name__, reason=str(error))
            await asyncio.sleep(pause(failures, 1.0, 10.0) if failures else seconds)

    # --- lanes

    async def _claim(self) -> None:
        async with self._database.read() as connection:
            rows = await actions.claim(connection, self._me)
        for row in rows:
            lane_id = row["lane_id"]
            if lane_id in self._lanes:
                continue  # our own lease ran out while we worked: its run ends by itself
            try:
                await self._begin(row)
            except DatabaseUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one connection's row is not the others'
                await self._set_aside(row, error)
                async with self._database.read() as connection:
                    await actions.release(connection, self._me, lane_id, row["cursor"], None)

    async def _begin(self, row: dict[str, Any]) -> None:
        lane_id = row["lane_id"]
        claimed, problem = await self._claimed(row)
        if problem is not None:
            await actions.stop(self._database, claimed.connection_id, problem)
        make = CommandRun if row["source"] == "commands" else LaneRun
        run = make(self._context, lane_id, claimed, await self._client(lane_id, claimed), row["cursor"])
        if problem is not None:
            run.halt()
        self._lanes[lane_id] = run, asyncio.create_task(self._work(run, row), name=f"lane {lane_id}")

    async def _set_aside(self, row: dict[str, Any], error: Exception) -> None:
        """Of what stands in its row no connection can be made: it is stopped, until a canary can be sent again."""
        CONNECTIONS.put(row["connection_id"], error)
        words = f"it cannot be read: {type(error).__name__}; the log of the worker says more"
        await actions.stop(
            self._database, row["connection_id"], Result(Outcome.MISCONFIGURED, words, cause=Fault.UNREADABLE)
        )

    async def _work(self, run: LaneRun, row: dict[str, Any]) -> None:
        try:
            if not run.halted:
                await run.run(probing=row["probing"], failures=row["failures"])
        except DatabaseUnavailable as error:
            log.warning("a lane was left", connection=run.claimed.name, reason=str(error))
            run.halt(1.0)
        except Exception as error:  # one lane's fault is not the others'
            unavailable = isinstance(error, ExceptionGroup) and error.split(DatabaseUnavailable)[1] is None
            if not unavailable:
                log.exception("a lane failed", connection=run.claimed.name, exc_info=error)
            run.halt(5.0)
        finally:
            await self._release(run)

    async def _release(self, run: LaneRun) -> None:
        self._lanes.pop(run.lane_id, None)
        if run.lost:
            return  # there is nothing of ours to let go
        try:
            async with self._database.read() as connection:
                await actions.release(connection, self._me, run.lane_id, run.cursor, run.rest())
        except DatabaseUnavailable as error:
            log.warning("a lane was not let go, its lease will end", connection=run.claimed.name, reason=str(error))

    async def _beat(self) -> None:
        cursors = {lane_id: run.cursor for lane_id, (run, _) in self._lanes.items()}
        if not cursors:
            return
        async with self._database.read() as connection:
            held = await actions.beat(connection, self._me, cursors)
        for lane_id in cursors:
            run, task = self._lanes.get(lane_id, (None, None))
            if run is None or task is None:
                continue
            if run.lost:
                continue  # it ends by itself: cancelled again, it would lose the connection it is giving back
            if lane_id not in held:
                run.lost = True
                task.cancel()  # somebody else has it
            elif held[lane_id][0] != run.claimed.version or held[lane_id][1]:
                run.halt()

    # --- what a connection is

    async def _claimed(self, row: dict[str, Any]) -> tuple[Claimed, Result | None]:
        """The connection with its secrets in the clear; and what is wrong when they cannot be had."""
        key = row["connection_id"], row["version"]
        since, known = self._known.get(key, (0.0, None))
        if known is not None and time.monotonic() - since < KNOWN_FOR:
            return known, None
        settings = SETTINGS.validate_python(row["settings"])
        channel = self._ports.channels[ConnectionKind(row["kind"])]
        secrets = Secrets()
        problem: Result | None = None
        try:
            async with self._database.read() as connection:
                secrets = await actions.secrets_of(connection, self._store, row["connection_id"], SecretPurpose.SEND)
        except SecretError as error:
            problem = Result(Outcome.MISCONFIGURED, str(error), cause=Fault.SECRET)
        if problem is None and needs_secret(settings) and not secrets.current:  # never unsigned, whoever resumed it
            problem = Result(Outcome.MISCONFIGURED, NO_SECRET, cause=Fault.SECRET)
        ordered = channel.ordered(settings)
        rates = [each for each in (row["rate"], channel.rate) if each is not None]
        claimed = Claimed(
            row["connection_id"],
            row["name"],
            row["version"],
            channel,
            Target(str(row["connection_id"]), settings, secrets),
            ordered,
            1 if ordered or rates or channel.one_by_one else channel.width,
            min(rates, default=None),
        )
        if problem is None:
            self._known = {each: kept for each, kept in self._known.items() if each[0] != key[0]}
            self._known[key] = time.monotonic(), claimed
        return claimed, problem

    async def _client(self, lane_id: int, claimed: Claimed) -> httpx.AsyncClient:
        """One for each lane: shared by many, a client costs three times as much a request."""
        version, client = self._clients.get(lane_id, (0, None))
        if client is not None and version == claimed.version:
            return client
        if client is not None:
            await client.aclose()
        client = http_client(self._guard, claimed.width)
        self._clients[lane_id] = claimed.version, client
        return client

    def _tally(self, claimed: Claimed) -> Tally:
        return self._tallies.setdefault(claimed.connection_id, Tally())

    async def _note(self) -> None:
        for connection_id, tally in list(self._tallies.items()):
            if not (tally.sent or tally.retried or tally.dead):
                continue
            async with self._database.read() as connection:
                counted = Tally(tally.sent, tally.retried, tally.dead, tally.last_success_at, tally.seconds)
                await actions.note(connection, connection_id, counted)
            tally.sent -= counted.sent
            tally.retried -= counted.retried
            tally.dead -= counted.dead

    # --- canaries

    async def _prove(self) -> None:
        async with self._database.read() as connection:
            rows = await actions.claim_canaries(connection, self._me, self._context.canary_seconds)
        for row in rows:
            task = asyncio.create_task(self._prove_one(row), name=f"canary {row['name']}")
            self._canaries.add(task)
            task.add_done_callback(self._canaries.discard)

    async def _prove_one(self, row: dict[str, Any]) -> None:
        try:
            claimed, problem = await self._claimed(row)
            target = replace(claimed.target, remembered=row["remembered"])
            message = canary(asked=row["test_asked"])
            result, seconds = problem or Result(Outcome.SENT, ""), 0.0
            if problem is None:
                async with http_client(self._guard) as client:
                    result, seconds = await attempt(claimed.channel, client, target, message, self._context.within)
            if result.remember:
                async with self._database.read() as connection:
                    await actions.remember(connection, claimed, CANARY_THREAD, dict(result.remember))
            soon = result.outcome is Outcome.RETRY
            next_in = min(AGAIN_AFTER, self._context.canary_seconds) if soon else self._context.canary_seconds
            await actions.mark_proved(self._database, claimed, result, seconds, next_in)
            if soon:
                await actions.mark_failed(self._database, claimed, result)
            elif result.outcome in {Outcome.MISCONFIGURED, Outcome.GONE}:
                await actions.stop(self._database, claimed.connection_id, result)
        except DatabaseUnavailable as error:
            log.warning("a proof was not written down", connection=row["name"], reason=str(error))
        except Exception as error:  # noqa: BLE001 - one connection's row is not the others'
            await self._set_aside(row, error)

    async def _end(self) -> None:
        tasks = [task for _, task in self._lanes.values()] + list(self._canaries)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)
        async with AsyncExitStack() as stack:
            for _, client in self._clients.values():
                stack.push_async_callback(client.aclose)
        try:
            await self._note()
        except DatabaseUnavailable as error:
            log.warning("figures were not written", reason=str(error))
