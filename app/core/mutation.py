"""Everything an operator does goes in through a mutation: kept before it is sent, sent once, never forgotten.

A panel declares a ``MutationSpec`` and submits a ``MutationRequest``; it contains no networking, no retry and no
conflict code. What the server has not answered is sent again, in order, when it can be heard. Irreversible mutations
are refused while it cannot.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from app.core.delayed_send import DelayedSend
from app.core.errors import OperationsError, StepUpNeeded
from app.core.mutation_sender import MutationSender
from app.core.mutation_types import MutationRequest, MutationSpec, Outcome, Refused, stored_request, version_of
from app.core.outbox import Outbox, OutboxError, PendingMutation, SettledMutation, State
from app.core.pending_mutations import PendingMutations, build_pending
from app.core.signals import SignalInstance
from app.core.tasks import end

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient
    from app.core.tasks import Tasks
    from models.core.topics import Topic

PARKED = frozenset({State.CONFLICT, State.REFUSED, State.UNKNOWN, State.HELD, State.UNREADABLE})
READ_AND_GONE = frozenset({State.REFUSED, State.UNKNOWN, State.UNREADABLE})
"""What ends once the operator has read why it was not done, or knows what became of it."""


class Mutations:
    """All pending mutations of one console."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        client: Callable[[], OperationsClient],
        user: Callable[[], str | None],
        connected: Callable[[], bool],
        step_up: Callable[[StepUpNeeded, str], Any],
        report_error: Callable[[OperationsError], Any],
        invalidate: Callable[[Topic], Any],
        tasks: Tasks,
    ) -> None:
        self._outbox = outbox
        self._user, self._connected, self._report_error, self._tasks = user, connected, report_error, tasks
        self._wake = asyncio.Event()
        self._delayed_send = DelayedSend()
        self._list = PendingMutations(outbox, user=user, invalidate=invalidate, wake=self._wake)
        self._sender = MutationSender(
            self._list,
            self._delayed_send,
            client=client,
            connected=connected,
            step_up=step_up,
            report_error=report_error,
        )
        self._adding = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def changed(self) -> SignalInstance:
        """``pending`` is another list."""
        return self._list.changed

    @property
    def settled(self) -> SignalInstance:
        """Carries the PendingMutation and the server's answer, for messages with an undo."""
        return self._sender.settled

    @property
    def conflicted(self) -> SignalInstance:
        """Carries a PendingMutation, once, when it becomes a conflict."""
        return self._sender.conflicted

    @property
    def refused(self) -> SignalInstance:
        """Carries a PendingMutation the server refused while nobody waited for it."""
        return self._sender.refused

    # --- what panels use -----------------------------------------------------------------------------------------

    def declare(self, spec: MutationSpec) -> MutationSpec:
        """Make a kind known; the same name again replaces it."""
        self._list.specs[spec.name] = spec
        return spec

    def spec(self, name: str) -> MutationSpec | None:
        """A declared kind; ``None`` for one of another release."""
        return self._list.specs.get(name)

    @property
    def topics(self) -> frozenset[Topic]:
        """Of all declared kinds."""
        return frozenset().union(*(spec.topics for spec in self._list.specs.values()))

    @property
    def pending(self) -> tuple[PendingMutation, ...]:
        """What the server has not settled, oldest first, of whoever is signed in."""
        return self._list.mine

    @property
    def conflicts(self) -> tuple[PendingMutation, ...]:
        """What waits for the operator to choose."""
        return tuple(mutation for mutation in self.pending if mutation.state is State.CONFLICT)

    def of(self, resource: str) -> tuple[PendingMutation, ...]:
        """What is pending for one resource."""
        return self._list.of(resource)

    async def submit(self, request: MutationRequest) -> Outcome:
        """Keep and send. Answers when the server has, or at once when it cannot be heard.

        Raises Refused (nothing changed), InConflict (it waits for a choice), or OperationsError in the server's words.
        """
        spec, user = self._list.specs[request.kind], self._user()
        if user is None:
            raise Refused("Nobody is signed in.")
        if spec.irreversible and not self._connected():
            raise Refused("This cannot be taken back, so it is not kept for later: it needs the link to the server.")
        async with self._adding:  # the second of two quick ones must find the first
            before = self.of(request.resource) if request.resource else ()
            parked = next((mutation for mutation in before if mutation.state in PARKED), None)
            if parked is not None:
                raise Refused(f"“{parked.title}” comes first: {parked.detail or 'it waits for you'}.")
            mutation = build_pending(request, key=str(uuid4()), user=user, at=time.time(), before=before)
            try:
                mutation = await self._list.add(mutation)
            except OutboxError as error:
                raise Refused(str(error)) from error
        if self._delayed_send.hold(mutation.key, spec.delay, self._wake) or not self._connected():
            return Outcome(mutation, settled=False)
        return await self._list.wait_for_answer(mutation)

    async def cancel(self, key: str) -> None:
        """Do not send it. Raises Refused for one that is being sent, or was and may have been done."""
        mutation = self._list.known(key)
        if self._sender.sending == key:
            raise Refused("It is being sent at this moment.")
        if mutation.state is State.UNREADABLE:
            raise Refused("It is not sent anyway.")
        if mutation.attempts and mutation.state in {State.WAITING, State.UNKNOWN}:
            raise Refused(
                "It was sent and not answered: it may have been done. It is asked for again with the same key."
            )
        await self._list.end(mutation, "withdrawn")

    async def forget(self, key: str) -> None:
        """The operator has read why it was refused, or knows what became of it."""
        mutation = self._list.known(key)
        if mutation.state not in READ_AND_GONE:
            raise Refused("It is still to be sent.")
        await self._list.end(mutation, "refused" if mutation.state is State.REFUSED else "unknown", mutation.detail)

    async def again(self, key: str) -> Outcome:
        """Send one that waits for the operator once more, under the same key: it is done once, whatever happened.

        Raises as ``submit``.
        """
        mutation = self._list.known(key)
        if mutation.state not in {State.HELD, State.UNKNOWN, State.REFUSED}:
            raise Refused("It will be sent by itself.")
        if not self._connected():
            raise Refused("It needs the link to the server.")
        return await self._list.wait_for_answer(await self._list.replace(mutation, state=State.WAITING, detail=""))

    async def look_at_theirs(self, key: str) -> PendingMutation:
        """The conflict with the record as it is now. Raises OperationsError."""
        mutation = self._list.conflict(key)
        theirs = await self._sender.theirs(mutation)
        return mutation if theirs is None else await self._list.replace(mutation, theirs=theirs)

    async def keep_theirs(self, key: str) -> None:
        """Let the other's change stand."""
        mutation = self._list.conflict(key)
        await self._list.end(mutation, "theirs kept", mutation.detail, version=version_of(mutation.theirs))

    async def keep_mine(self, key: str) -> None:
        """Make my change upon the other's, which the operator has seen."""
        mutation = self._list.conflict(key)
        if mutation.theirs is None:
            raise Refused("What the other one changed is not known yet; it needs the link to the server.")
        # Another request than the one that was refused: it has a key and a version of its own.
        fresh = await self._list.replace(
            mutation,
            key=str(uuid4()),
            version=version_of(mutation.theirs),
            base=mutation.theirs,
            theirs=None,
            state=State.WAITING,
            attempts=0,
            detail="",
        )
        for later in [i for i in self._list.all if i.builds_on == mutation.key]:
            await self._list.replace(later, builds_on=fresh.key)
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

    def overlaid(self, topics: frozenset[Topic], value: Any) -> Any:
        """A query's value as it will be when everything that is on its way has been done."""
        for mutation in self.pending:
            spec = self._list.spec(mutation)
            if (
                spec is not None
                and spec.overlay is not None
                and spec.topics & topics
                and mutation.state is State.WAITING
            ):
                value = spec.overlay(value, mutation.fields, mutation)
        return value

    # --- life ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what an earlier run left, and begin to send; once is enough."""
        if self._task is not None:
            return
        try:
            await self._list.take_over()
        except OutboxError as error:
            self._report_error(Refused(str(error)))
        self._task = self._tasks.start(self._sender.work(), name="outbox")

    def wake(self) -> None:
        """The link is back, or somebody has signed in."""
        self._wake.set()

    async def close(self) -> None:
        """Stop sending; what is pending stays on disk. What only waits for its undo is sent first, if it can be."""
        unsent = self._list
        await self._delayed_send.flush(
            lambda keys: self._connected() and any(mutation.key in keys for mutation in unsent.all), self._wake
        )
        if self._task is not None:
            await end(self._task)
        await self._outbox.close()
