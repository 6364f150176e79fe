"""What operators decided and the server has not settled: the list, the outbox behind it, and who waits for what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.core.mutation_types import InConflict, MutationRequest, MutationSpec, Outcome, Refused
from app.core.outbox import Outbox, PendingMutation, State
from app.core.signals import Signal

if TYPE_CHECKING:
    from app.core.errors import OperationsError
    from models.core.topics import Topic


class PendingMutations:
    """The list, oldest first. What changes in it is on disk before it changes here."""

    changed = Signal()
    """``all`` is another list."""

    def __init__(
        self, outbox: Outbox, *, user: Callable[[], str | None], invalidate: Callable[[Topic], Any], wake: asyncio.Event
    ) -> None:
        """``wake`` is set when there may be something to send."""
        self.outbox = outbox
        self.user = user
        self.specs: dict[str, MutationSpec] = {}
        """The declared kinds, by name."""
        self.all: list[PendingMutation] = []
        """Of whomever."""
        self.wake = wake
        self._invalidate = invalidate
        self._waiters: dict[str, asyncio.Future[Outcome]] = {}

    @property
    def mine(self) -> tuple[PendingMutation, ...]:
        """Of whoever is signed in; of everybody while nobody is."""
        user = self.user()
        return tuple(mutation for mutation in self.all if user is None or mutation.user_id == user)

    def of(self, resource: str) -> tuple[PendingMutation, ...]:
        """What is pending for one resource."""
        return tuple(mutation for mutation in self.mine if mutation.resource == resource) if self.all else ()

    def spec(self, mutation: PendingMutation) -> MutationSpec | None:
        """Its kind; ``None`` for one of another release."""
        return self.specs.get(mutation.kind)

    def known(self, key: str) -> PendingMutation:
        """One of them. Raises Refused for one that is settled."""
        for mutation in self.all:
            if mutation.key == key:
                return mutation
        raise Refused("It has been settled meanwhile.")

    def conflict(self, key: str) -> PendingMutation:
        """One that waits for a choice. Raises Refused for another."""
        mutation = self.known(key)
        if mutation.state is not State.CONFLICT:
            raise Refused("It is no conflict any more.")
        return mutation

    def next(self, held: Callable[[str], bool]) -> PendingMutation | None:
        """The oldest that may be sent: not ``held`` back, and nothing before it on the same resource is unsettled."""
        user = self.user()
        blocked: set[str] = set()
        for mutation in self.all:
            if mutation.user_id != user:
                continue
            if mutation.state is State.WAITING and mutation.resource not in blocked and not held(mutation.key):
                return mutation
            if mutation.resource:
                blocked.add(mutation.resource)
        return None

    # --- changes ---------------------------------------------------------------------------------------------------

    async def take_over(self) -> None:
        """Take up what an earlier run, or a console that does not live any more, left. Raises OutboxError."""
        self.all = await self.outbox.take_over()
        self.changed.emit()
        for spec in {self.specs[i.kind] for i in self.all if i.kind in self.specs}:
            self._invalidate_topics(spec)

    async def add(self, mutation: PendingMutation) -> PendingMutation:
        """One more. Raises OutboxError."""
        added = await self.outbox.add(mutation)
        self.all.append(added)
        self.changed.emit()
        return added

    async def replace(self, mutation: PendingMutation, *, quiet: bool = False, **changes: Any) -> PendingMutation:
        """The same with other fields; ``quiet`` when nobody sees the difference. Raises OutboxError."""
        changed = await self.outbox.change(mutation, **changes)
        self.all = [changed if known.seq == mutation.seq else known for known in self.all]
        if not quiet:
            self.changed.emit()
        return changed

    async def park(self, mutation: PendingMutation, state: State, detail: str, **more: Any) -> PendingMutation:
        """It waits for the operator; whoever waits for its answer is told so. Raises OutboxError."""
        parked = await self.replace(mutation, state=state, detail=detail, **more)
        match state:
            case State.CONFLICT:
                self.answer(parked, InConflict(parked))
            case State.UNKNOWN:
                self.answer(parked, Refused(detail))
            case _:
                self.answer(parked, Outcome(parked, settled=False))
        return parked

    async def end(
        self,
        mutation: PendingMutation,
        outcome: str,
        detail: str = "",
        *,
        version: int | None = None,
        undo: str | None = None,
        answer: dict[str, Any] | None = None,
        failure: OperationsError | None = None,
    ) -> None:
        """It is settled; what builds on it builds on ``version`` from now on. Raises OutboxError."""
        await self.outbox.settle(mutation, outcome, detail, version=version, undo=undo)
        self.all = [
            replace(known, version=version if version is not None else known.version, builds_on=None)
            if known.builds_on == mutation.key
            else known
            for known in self.all
            if known.seq != mutation.seq
        ]
        if answer is not None:
            self.answer(mutation, Outcome(mutation, settled=True, answer=answer))
        elif failure is not None:
            self.answer(mutation, failure)
        self.changed.emit()
        if (spec := self.spec(mutation)) is not None:
            self._invalidate_topics(spec)
        self.wake.set()

    def _invalidate_topics(self, spec: MutationSpec) -> None:
        for topic in spec.topics:
            self._invalidate(topic)

    # --- who waits -------------------------------------------------------------------------------------------------

    async def wait_for_answer(self, mutation: PendingMutation) -> Outcome:
        """What becomes of it once it is sent. Raises OperationsError."""
        waiter = self._waiters[mutation.key] = asyncio.get_running_loop().create_future()
        self.wake.set()
        try:
            return await asyncio.shield(waiter)
        finally:
            self._waiters.pop(mutation.key, None)

    def is_awaited(self, mutation: PendingMutation) -> bool:
        """Whether somebody waits for its answer."""
        return mutation.key in self._waiters

    def answer(self, mutation: PendingMutation, outcome: Outcome | OperationsError) -> None:
        """Tell whoever waits for it."""
        waiter = self._waiters.get(mutation.key)
        if waiter is None or waiter.done():
            return
        if isinstance(outcome, Outcome):
            waiter.set_result(outcome)
        else:
            waiter.set_exception(outcome)


def build_pending(
    request: MutationRequest, *, key: str, user: str, at: float, before: tuple[PendingMutation, ...]
) -> PendingMutation:
    """A decision exactly as it goes to the server; ``before`` is what is pending for the same resource."""
    body, base = request.body, request.base
    return PendingMutation(
        key=key,
        user_id=user,
        kind=request.kind,
        title=request.title,
        method=request.method,
        path=request.path,
        body=None if body is None else body.model_dump_json(by_alias=True, exclude_unset=True),
        version=request.version,
        resource=request.resource,
        record=request.record,
        base=None if base is None else base.model_dump_json(by_alias=True),
        builds_on=before[-1].key if before and request.version is not None else None,
        created_at=at,
    )
