"""Sends what is pending, in order, until the server has answered; what it cannot settle waits for the operator."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.core.backoff import pause
from app.core.errors import BadAnswer, NotSent, OperationsError, ProblemAnswer, SignedOut, StepUpNeeded, Unreachable
from app.core.mutation_types import Outcome, Refused, holds, record_in, request_text, version_of
from app.core.outbox import BEAT_SECONDS, OutboxError, PendingMutation, State
from app.core.signals import Signal
from app.core.tasks import wait_for

if TYPE_CHECKING:
    from app.core.delayed_send import DelayedSend
    from app.core.http_client import OperationsClient
    from app.core.pending_mutations import PendingMutations

RETRY_FIRST, RETRY_LONGEST = 1.0, 10.0
SERVER_FAULTS = 3
"""How often a failing server is asked again before the operator is."""
KEY_HOURS = 23
"""The server forgets idempotency keys after 24 h; what is older and was sent is not sent again by itself."""
LOOK_SECONDS = 15.0
"""How often an idle console looks whether another one left something behind."""
BUSY = frozenset({"in-progress", "too-many-requests", "unavailable"})


class MutationSender:
    """The loop behind ``Mutations``."""

    settled = Signal(object, object)
    conflicted = Signal(object)
    refused = Signal(object)

    def __init__(
        self,
        pending: PendingMutations,
        delayed_send: DelayedSend,
        *,
        client: Callable[[], OperationsClient],
        connected: Callable[[], bool],
        step_up: Callable[[StepUpNeeded, str], Any],
        report_error: Callable[[OperationsError], Any],
    ) -> None:
        self.sending: str | None = None
        """Key of what is on the wire."""
        self._pending, self._delayed_send = pending, delayed_send
        self._client, self._connected = client, connected
        self._step_up, self._report_error = step_up, report_error
        self._faults: dict[str, int] = {}

    async def work(self) -> None:
        """Send for ever."""
        wake, failures = self._pending.wake, 0
        while True:
            mutation = self._next()
            if mutation is None:
                wake.clear()
                if self._next() is None:
                    await self._rest()
                continue
            try:
                sent = await self._send(mutation)
            except OutboxError as error:
                self._report_error(Refused(str(error)))
                sent = False
            failures = 0 if sent else failures + 1
            if not sent:
                wake.clear()
                await wait_for(wake, pause(failures, RETRY_FIRST, RETRY_LONGEST))

    async def theirs(self, mutation: PendingMutation) -> str | None:
        """The record that somebody else changed, as it is now. Raises OperationsError."""
        if mutation.record is None:
            return None
        return record_in((await self._client().record(mutation.record))[0], self._pending.spec(mutation))

    async def _rest(self) -> None:
        """Until there is something to do; meanwhile others see that we live, and we whether they do."""
        pending = self._pending
        if await wait_for(pending.wake, BEAT_SECONDS if pending.all else LOOK_SECONDS):
            return
        with contextlib.suppress(OutboxError):
            if pending.all:
                await pending.outbox.beat()
            if await pending.outbox.others():
                await pending.take_over()

    def _next(self) -> PendingMutation | None:
        return self._pending.next(self._delayed_send.holds) if self._connected() else None

    async def _send(self, mutation: PendingMutation) -> bool:
        """Whether the server was heard. Every attempt is on disk before it is made."""
        if mutation.attempts and mutation.version is None and time.time() - mutation.created_at > KEY_HOURS * 3600:
            words = "It was sent a day ago and never answered; look whether it was done."
            await self._pending.park(mutation, State.UNKNOWN, words)
            return True
        mutation = await self._pending.replace(
            mutation, attempts=mutation.attempts + 1, tried_at=time.time(), quiet=True
        )
        self.sending = mutation.key
        self._pending.changed.emit()
        try:
            text, version = await self._client().send(
                mutation.method, mutation.path, mutation.body, version=mutation.version, key=mutation.key
            )
        except OperationsError as error:
            return await self._not_done(mutation, error)
        else:
            await self._done(mutation, text, version)
            return True
        finally:
            self.sending = None
            self._pending.changed.emit()

    async def _done(self, mutation: PendingMutation, text: str, version: int | None) -> None:
        answer = json.loads(text) if text.strip() else {}
        spec = self._pending.spec(mutation)
        undo = spec.undo(mutation, answer) if spec is not None and spec.undo is not None else None
        kept = None if undo is None else request_text(undo)
        await self._pending.end(mutation, "done", undo=kept, version=version, answer=answer)
        self.settled.emit(mutation, answer)

    async def _not_done(self, mutation: PendingMutation, error: OperationsError) -> bool:
        match error:
            case Unreachable():
                self._report_error(error)
                await self._unheard(mutation, error)
                return False
            case SignedOut():
                self._report_error(error)
                self._pending.answer(mutation, Outcome(mutation, settled=False))
                return False
            case StepUpNeeded():
                await self._ask_for_factor(mutation, error)
                return True
            case ProblemAnswer() if error.outdated and mutation.record is not None:
                await self._compare(mutation, error)
                return True
            case ProblemAnswer() if error.code in BUSY:
                await asyncio.sleep(min(error.retry_after or 0.0, RETRY_LONGEST))
                return False
            case BadAnswer() | ProblemAnswer() if isinstance(error, BadAnswer) or error.code == "internal":
                return await self._server_fault(mutation, error)
            case _:
                await self._refuse(mutation, error)
                return True

    async def _unheard(self, mutation: PendingMutation, error: Unreachable) -> None:
        spec = self._pending.spec(mutation)
        if spec is None or not spec.irreversible:
            self._pending.answer(mutation, Outcome(mutation, settled=False))
        elif isinstance(error, NotSent) and mutation.attempts == 1:
            await self._refuse(mutation, Refused(f"It was not sent: {error}"))
        else:
            words = "The server did not answer: it may or may not have been done."
            await self._pending.park(mutation, State.UNKNOWN, words)

    async def _ask_for_factor(self, mutation: PendingMutation, error: StepUpNeeded) -> None:
        if not self._pending.is_awaited(mutation):
            await self._pending.park(mutation, State.HELD, "It waits for your second factor.")
        elif not await self._step_up(error, mutation.title):
            await self._pending.end(mutation, "withdrawn", "second factor cancelled")
            self._pending.answer(mutation, Refused("Not sent: second factor cancelled."))

    async def _compare(self, mutation: PendingMutation, error: ProblemAnswer) -> None:
        theirs: str | None = None
        try:
            theirs = await self.theirs(mutation)
        except OperationsError as unheard:
            if not isinstance(unheard, Unreachable):
                await self._refuse(mutation, error)
                return
        if theirs is not None and mutation.attempts > 1 and holds(theirs, mutation.fields):
            # The answer to the first attempt was lost for longer than its key is kept: it was done.
            await self._done(mutation, theirs, version_of(theirs))
            return
        self.conflicted.emit(await self._pending.park(mutation, State.CONFLICT, error.problem.detail, theirs=theirs))

    async def _server_fault(self, mutation: PendingMutation, error: OperationsError) -> bool:
        faults = self._faults[mutation.key] = self._faults.get(mutation.key, 0) + 1
        if faults < SERVER_FAULTS:
            return False
        del self._faults[mutation.key]
        await self._pending.park(mutation, State.UNKNOWN, f"The server fails: {error}")
        return True

    async def _refuse(self, mutation: PendingMutation, error: OperationsError) -> None:
        if self._pending.is_awaited(mutation):
            # Whoever waits is told now; nothing of it is left.
            await self._pending.end(mutation, "refused", str(error), failure=error)
        else:
            self.refused.emit(await self._pending.park(mutation, State.REFUSED, str(error)))
