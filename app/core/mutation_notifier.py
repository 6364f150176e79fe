"""What became of the operator's decisions, told in the message bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.errors import OperationsError

if TYPE_CHECKING:
    from app.core.messages import Messages
    from app.core.mutation import Mutations
    from app.core.mutation_types import MutationRequest
    from app.core.outbox import PendingMutation
    from app.core.tasks import Tasks


class MutationNotifier:
    """Listens to mutations for as long as it is held."""

    def __init__(self, mutations: Mutations, messages: Messages, tasks: Tasks) -> None:
        self._mutations, self._messages, self._tasks = mutations, messages, tasks
        mutations.settled.connect(self._settled)
        mutations.conflicted.connect(self._conflicted)
        mutations.refused.connect(self._refused)

    def _settled(self, mutation: PendingMutation, answer: dict[str, Any]) -> None:
        """Tell what was done, with its undo where there is one."""
        spec = self._mutations.spec(mutation.kind)
        if spec is not None and spec.in_place:
            return
        request = spec.undo(mutation, answer) if spec is not None and spec.undo is not None else None

        def undo() -> None:
            assert request is not None  # noqa: S101 - asked for below
            self._tasks.start(self._take_back(mutation, request), name=f"undo {mutation.kind}")

        self._messages.post(mutation.title, undo=None if request is None else undo)

    async def _take_back(self, mutation: PendingMutation, request: MutationRequest) -> None:
        try:
            await self._mutations.submit(request)
            await self._mutations.note_undone(mutation.key)
        except OperationsError as error:
            self._messages.post(f"Not taken back: {error}", "error")

    def _conflicted(self, mutation: PendingMutation) -> None:
        self._messages.post(f"Somebody else changed this first. It waits for your choice: {mutation.title}.", "warning")

    def _refused(self, mutation: PendingMutation) -> None:
        self._messages.post(f"“{mutation.title}” was refused: {mutation.detail}", "error")
