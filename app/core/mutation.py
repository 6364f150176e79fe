"""Everything an operator does goes in through a mutation: kept before it is sent, sent once, never forgotten.

A panel declares a ``MutationSpec`` and submits a ``MutationRequest``; it contains no networking, no retry and no
conflict code. What the server has not answered is sent again, in order, when it can be heard. Irreversible mutations
are refused while it cannot.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from app.core.backoff import pause
from app.core.delayed_send import DelayedSend
from app.core.errors import (
    BadAnswer,
    NotSent,
    OperationsError,
    ProblemAnswer,
    SignedOut,
    StepUpNeeded,
    Unreachable,
)
from app.core.mutation_types import (
    InConflict,
    MutationRequest,
    MutationSpec,
    Outcome,
    Refused,
    holds,
    record_in,
    request_text,
    stored_request,
    version_of,
)
from app.core.outbox import BEAT_SECONDS, Outbox, OutboxError, PendingMutation, SettledMutation, State
from app.core.signals import Signal
from app.core.tasks import wait_for

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient
    from app.core.tasks import Tasks

RETRY_FIRST, RETRY_LONGEST = 1.0, 10.0
SERVER_FAULTS = 3
"""How often a failing server is asked again before the operator is."""
KEY_HOURS = 23
"""The server forgets idempotency keys after 24 h; what is older and was sent is not sent again by itself."""
PARKED = frozenset({State.CONFLICT, State.REFUSED, State.UNKNOWN, State.HELD})
LOOK_SECONDS = 15.0
"""How often an idle console looks whether another one left something behind."""
BUSY = frozenset({"in-progress", "too-many-requests", "unavailable"})


class Mutations:
    """All intents of one console."""

    changed = Signal()
    """``pending`` is another list."""
    settled = Signal(object, object)
    """Carries the Intent and the server's answer, for messages with an undo."""
    conflicted = Signal(object)
    """Carries an Intent, once, when it becomes a conflict."""
    refused = Signal(object)
    """Carries an Intent the server refused while nobody waited for it."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        client: Callable[[], OperationsClient],
        user: Callable[[], str | None],
        connected: Callable[[], bool],
        step_up: Callable[[StepUpNeeded, str], Any],
        noticed: Callable[[OperationsError], Any],
        invalidate: Callable[[str], Any],
        tasks: Tasks,
    ) -> None:
        self._outbox = outbox
        self._client, self._user, self._connected = client, user, connected
        self._step_up, self._noticed, self._invalidate, self._tasks = step_up, noticed, invalidate, tasks
        self._kinds: dict[str, MutationSpec] = {}
        self._pending: list[PendingMutation] = []
        self._waiters: dict[str, asyncio.Future[Outcome]] = {}
        self._wake = asyncio.Event()
        self._late = DelayedSend()
        self._adding = asyncio.Lock()
        self._sending: str | None = None
        self._faults: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    # --- what panels use -----------------------------------------------------------------------------------------

    def declare(self, kind: MutationSpec) -> MutationSpec:
        """Make a kind known; the same name again replaces it (a new window takes over)."""
        self._kinds[kind.name] = kind
        return kind

    def kind(self, name: str) -> MutationSpec | None:
        """A declared kind; ``None`` for one of another release."""
        return self._kinds.get(name)

    @property
    def topics(self) -> frozenset[str]:
        """Of all declared kinds."""
        return frozenset().union(*(kind.topics for kind in self._kinds.values()))

    @property
    def pending(self) -> tuple[PendingMutation, ...]:
        """What the server has not settled, oldest first, of whoever is signed in."""
        user = self._user()
        return tuple(intent for intent in self._pending if user is None or intent.user_id == user)

    @property
    def conflicts(self) -> tuple[PendingMutation, ...]:
        """What waits for the operator to choose."""
        return tuple(intent for intent in self.pending if intent.state is State.CONFLICT)

    def of(self, resource: str) -> tuple[PendingMutation, ...]:
        """What is pending for one resource."""
        return tuple(intent for intent in self.pending if intent.resource == resource) if self._pending else ()

    async def submit(self, draft: MutationRequest) -> Outcome:
        """Keep and send. Answers when the server has, or at once when it cannot be heard.

        Raises Refused (nothing changed), InConflict (it waits for a choice), or OperationsError in the server's words.
        """
        kind, user = self._kinds[draft.kind], self._user()
        if user is None:
            raise Refused("Nobody is signed in.")
        if kind.irreversible and not self._connected():
            raise Refused("This cannot be taken back, so it is not kept for later: it needs the link to the server.")
        async with self._adding:  # the second of two quick ones must find the first
            before = self.of(draft.resource) if draft.resource else ()
            parked = next((intent for intent in before if intent.state in PARKED), None)
            if parked is not None:
                raise Refused(f"“{parked.title}” comes first: {parked.detail or 'it waits for you'}.")
            intent = PendingMutation(
                key=str(uuid4()),
                user_id=user,
                kind=draft.kind,
                title=draft.title,
                method=draft.method,
                path=draft.path,
                body=None if draft.body is None else draft.body.model_dump_json(by_alias=True, exclude_unset=True),
                version=draft.version,
                resource=draft.resource,
                record=draft.record,
                base=None if draft.base is None else draft.base.model_dump_json(by_alias=True),
                builds_on=before[-1].key if before and draft.version is not None else None,
                created_at=time.time(),
            )
            try:
                intent = await self._outbox.add(intent)
            except OutboxError as error:
                raise Refused(str(error)) from error
            self._pending.append(intent)
        self.changed.emit()
        if self._late.hold(intent.key, kind.late, self._wake) or not self._connected():
            return Outcome(intent, settled=False)
        return await self._answered(intent)

    async def _answered(self, intent: PendingMutation) -> Outcome:
        waiter = self._waiters[intent.key] = asyncio.get_running_loop().create_future()
        self._wake.set()
        try:
            return await asyncio.shield(waiter)
        finally:
            self._waiters.pop(intent.key, None)

    async def cancel(self, key: str) -> None:
        """Do not send it. Raises Refused for one that is being sent, or was and may have been done."""
        intent = self._known(key)
        if self._sending == key:
            raise Refused("It is being sent at this moment.")
        if intent.attempts and intent.state in {State.WAITING, State.UNKNOWN}:
            raise Refused(
                "It was sent and not answered: it may have been done. It is asked for again with the same key."
            )
        await self._end(intent, "withdrawn")

    async def forget(self, key: str) -> None:
        """The operator has read why it was refused, or knows what became of it."""
        intent = self._known(key)
        if intent.state not in {State.REFUSED, State.UNKNOWN}:
            raise Refused("It is still to be sent.")
        await self._end(intent, "refused" if intent.state is State.REFUSED else "unknown", intent.detail)

    async def again(self, key: str) -> Outcome:
        """Send one that waits for the operator once more, under the same key: it is done once, whatever happened.

        Raises as ``submit``.
        """
        intent = self._known(key)
        if intent.state not in {State.HELD, State.UNKNOWN, State.REFUSED}:
            raise Refused("It will be sent by itself.")
        if not self._connected():
            raise Refused("It needs the link to the server.")
        return await self._answered(await self._replace(intent, state=State.WAITING, detail=""))

    async def keep_theirs(self, key: str) -> None:
        """Let the other's change stand."""
        intent = self._conflict(key)
        await self._end(intent, "theirs kept", intent.detail, version=version_of(intent.theirs))

    async def keep_mine(self, key: str) -> None:
        """Make my change upon the other's, which the operator has seen."""
        intent = self._conflict(key)
        if intent.theirs is None:
            raise Refused("What the other one changed is not known yet; it needs the link to the server.")
        # Another request than the one that was refused: it has a key and a version of its own.
        fresh = await self._replace(
            intent,
            key=str(uuid4()),
            version=version_of(intent.theirs),
            base=intent.theirs,
            theirs=None,
            state=State.WAITING,
            attempts=0,
            detail="",
        )
        for later in [i for i in self._pending if i.builds_on == intent.key]:
            await self._replace(later, builds_on=fresh.key)
        self._wake.set()

    async def undo(self, done: SettledMutation) -> Outcome:
        """Take back something that was done. Raises as ``submit``."""
        if done.undo is None or done.undone:
            raise Refused("This cannot be taken back.")
        outcome = await self.submit(stored_request(done.undo))
        await self._outbox.note_undone(done.key)
        return outcome

    async def note_undone(self, key: str) -> None:
        """Remember that something was taken back."""
        await self._outbox.note_undone(key)

    async def mine(self) -> list[SettledMutation]:
        """What the signed-in operator did at this console, newest first."""
        user = self._user()
        return [] if user is None else await self._outbox.settled_by(user)

    def overlaid(self, topics: frozenset[str], value: Any) -> Any:
        """A query's value as it will be when everything that is on its way has been done."""
        for intent in self.pending:
            kind = self._kinds.get(intent.kind)
            if kind is not None and kind.overlay is not None and kind.topics & topics and intent.state is State.WAITING:
                value = kind.overlay(value, intent.fields, intent)
        return value

    # --- life ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what an earlier run left, and begin to send."""
        try:
            self._pending = await self._outbox.take_over()
        except OutboxError as error:
            self._noticed(error if isinstance(error, OperationsError) else Refused(str(error)))
        if self._pending:
            self.changed.emit()
            for kind in {self._kinds[i.kind] for i in self._pending if i.kind in self._kinds}:
                for topic in kind.topics:
                    self._invalidate(topic)
        self._task = self._tasks.start(self._work(), name="outbox")

    def wake(self) -> None:
        """The link is back, or somebody has signed in."""
        self._wake.set()

    async def close(self) -> None:
        """Stop sending; what is pending stays on disk. What only waits for its undo is sent first, if it can be."""
        await self._late.flush(lambda keys: self._connected() and any(i.key in keys for i in self._pending), self._wake)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._outbox.close()

    # --- sending -------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        failures = 0
        while True:
            intent = self._next()
            if intent is None:
                self._wake.clear()
                if self._next() is None:
                    await self._rest()
                continue
            try:
                sent = await self._send(intent)
            except OutboxError as error:
                self._noticed(Refused(str(error)))
                sent = False
            failures = 0 if sent else failures + 1
            if not sent:
                self._wake.clear()
                await wait_for(self._wake, pause(failures, RETRY_FIRST, RETRY_LONGEST))

    async def _rest(self) -> None:
        """Until there is something to do; meanwhile others see that we live, and we whether they do."""
        if await wait_for(self._wake, BEAT_SECONDS if self._pending else LOOK_SECONDS):
            return
        with contextlib.suppress(OutboxError):
            if self._pending:
                await self._outbox.beat()
            if await self._outbox.others():
                self._pending = await self._outbox.take_over()
                self.changed.emit()

    def _next(self) -> PendingMutation | None:
        """The oldest that may be sent: nothing before it on the same resource is unsettled."""
        if not self._connected():
            return None
        user = self._user()
        blocked: set[str] = set()
        for intent in self._pending:
            if intent.user_id != user:
                continue
            if intent.state is State.WAITING and intent.resource not in blocked and not self._late.holds(intent.key):
                return intent
            if intent.resource:
                blocked.add(intent.resource)
        return None

    async def _send(self, intent: PendingMutation) -> bool:
        """Whether the server was heard. Every attempt is on disk before it is made."""
        if intent.attempts and intent.version is None and time.time() - intent.created_at > KEY_HOURS * 3600:
            await self._park(
                intent, State.UNKNOWN, "It was sent a day ago and never answered; look whether it was done."
            )
            return True
        intent = await self._replace(intent, attempts=intent.attempts + 1, tried_at=time.time(), quiet=True)
        self._sending = intent.key
        self.changed.emit()
        try:
            text, version = await self._client().send(
                intent.method, intent.path, intent.body, version=intent.version, key=intent.key
            )
        except OperationsError as error:
            return await self._not_done(intent, error)
        else:
            await self._done(intent, text, version)
            return True
        finally:
            self._sending = None
            self.changed.emit()

    async def _done(self, intent: PendingMutation, text: str, version: int | None) -> None:
        answer = json.loads(text) if text.strip() else {}
        kind = self._kinds.get(intent.kind)
        draft = kind.undo(intent, answer) if kind is not None and kind.undo is not None else None
        await self._end(
            intent, "done", undo=None if draft is None else request_text(draft), version=version, answer=answer
        )
        self.settled.emit(intent, answer)

    async def _not_done(self, intent: PendingMutation, error: OperationsError) -> bool:
        match error:
            case Unreachable():
                self._noticed(error)
                await self._unheard(intent, error)
                return False
            case SignedOut():
                self._noticed(error)
                self._answer(intent, Outcome(intent, settled=False))
                return False
            case StepUpNeeded():
                await self._ask_for_factor(intent, error)
                return True
            case ProblemAnswer() if error.outdated and intent.record is not None:
                await self._compare(intent, error)
                return True
            case ProblemAnswer() if error.code in BUSY:
                await asyncio.sleep(min(error.retry_after or 0.0, RETRY_LONGEST))
                return False
            case BadAnswer() | ProblemAnswer() if isinstance(error, BadAnswer) or error.code == "internal":
                return await self._server_fault(intent, error)
            case _:
                await self._refuse(intent, error)
                return True

    async def _unheard(self, intent: PendingMutation, error: Unreachable) -> None:
        kind = self._kinds.get(intent.kind)
        if kind is None or not kind.irreversible:
            self._answer(intent, Outcome(intent, settled=False))
        elif isinstance(error, NotSent) and intent.attempts == 1:
            await self._refuse(intent, Refused(f"It was not sent: {error}"))
        else:
            await self._park(intent, State.UNKNOWN, "The server did not answer: it may or may not have been done.")

    async def _ask_for_factor(self, intent: PendingMutation, error: StepUpNeeded) -> None:
        if intent.key not in self._waiters:
            await self._park(intent, State.HELD, "It waits for your second factor.")
        elif not await self._step_up(error, intent.title):
            await self._end(intent, "withdrawn", "no second factor was given")
            self._answer(intent, Refused("Nothing was done: no second factor was given."))

    async def _compare(self, intent: PendingMutation, error: ProblemAnswer) -> None:
        assert intent.record is not None  # noqa: S101 - asked for by the caller
        theirs: str | None = None
        try:
            theirs = record_in((await self._client().record(intent.record))[0], self._kinds.get(intent.kind))
        except OperationsError as unheard:
            if not isinstance(unheard, Unreachable):
                await self._refuse(intent, error)
                return
        if theirs is not None and intent.attempts > 1 and holds(theirs, intent.fields):
            # The answer to the first attempt was lost for longer than its key is kept: it was done.
            await self._done(intent, theirs, version_of(theirs))
            return
        await self._park(intent, State.CONFLICT, error.problem.detail, theirs=theirs)
        self.conflicted.emit(self._known(intent.key))

    async def look_at_theirs(self, key: str) -> PendingMutation:
        """The conflict with the record as it is now. Raises OperationsError."""
        intent = self._conflict(key)
        if intent.record is None:
            return intent
        theirs = record_in((await self._client().record(intent.record))[0], self._kinds.get(intent.kind))
        return await self._replace(intent, theirs=theirs)

    async def _server_fault(self, intent: PendingMutation, error: OperationsError) -> bool:
        faults = self._faults[intent.key] = self._faults.get(intent.key, 0) + 1
        if faults < SERVER_FAULTS:
            return False
        del self._faults[intent.key]
        await self._park(intent, State.UNKNOWN, f"The server fails: {error}")
        return True

    async def _refuse(self, intent: PendingMutation, error: OperationsError) -> None:
        if intent.key in self._waiters:
            # Whoever waits is told now; nothing of it is left.
            await self._end(intent, "refused", str(error), failure=error)
        else:
            await self._park(intent, State.REFUSED, str(error))
            self.refused.emit(self._known(intent.key))

    # --- the list ------------------------------------------------------------------------------------------------

    async def _park(self, intent: PendingMutation, state: State, detail: str, **more: Any) -> None:
        parked = await self._replace(intent, state=state, detail=detail, **more)
        match state:
            case State.CONFLICT:
                self._answer(parked, InConflict(parked))
            case State.UNKNOWN:
                self._answer(parked, Refused(detail))
            case _:
                self._answer(parked, Outcome(parked, settled=False))

    async def _replace(self, intent: PendingMutation, *, quiet: bool = False, **changes: Any) -> PendingMutation:
        changed = await self._outbox.change(intent, **changes)
        self._pending = [changed if known.seq == intent.seq else known for known in self._pending]
        if not quiet:
            self.changed.emit()
        return changed

    async def _end(
        self,
        intent: PendingMutation,
        outcome: str,
        detail: str = "",
        *,
        version: int | None = None,
        undo: str | None = None,
        answer: dict[str, Any] | None = None,
        failure: OperationsError | None = None,
    ) -> None:
        await self._outbox.settle(intent, outcome, detail, version=version, undo=undo)
        self._pending = [
            replace(known, version=version if version is not None else known.version, builds_on=None)
            if known.builds_on == intent.key
            else known
            for known in self._pending
            if known.seq != intent.seq
        ]
        if answer is not None:
            self._answer(intent, Outcome(intent, settled=True, answer=answer))
        elif failure is not None:
            self._answer(intent, failure)
        kind = self._kinds.get(intent.kind)
        self.changed.emit()
        for topic in kind.topics if kind is not None else ():
            self._invalidate(topic)
        self._wake.set()

    def _answer(self, intent: PendingMutation, outcome: Outcome | OperationsError) -> None:
        waiter = self._waiters.get(intent.key)
        if waiter is None or waiter.done():
            return
        if isinstance(outcome, Outcome):
            waiter.set_result(outcome)
        else:
            waiter.set_exception(outcome)

    def _known(self, key: str) -> PendingMutation:
        for intent in self._pending:
            if intent.key == key:
                return intent
        raise Refused("It has been settled meanwhile.")

    def _conflict(self, key: str) -> PendingMutation:
        intent = self._known(key)
        if intent.state is not State.CONFLICT:
            raise Refused("It is no conflict any more.")
        return intent
