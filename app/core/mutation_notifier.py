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

    def _settled(self, intent: PendingMutation, answer: dict[str, Any]) -> None:
        """Tell what was done, with its undo where there is one."""
        kind = self._mutations.kind(intent.kind)
        if kind is not None and kind.in_place:
            return
        draft = kind.undo(intent, answer) if kind is not None and kind.undo is not None else None

        def undo() -> None:
            assert draft is not None  # noqa: S101 - asked for below
            self._tasks.start(self._take_back(intent, draft), name=f"undo {intent.kind}")

        self._messages.post(intent.title, undo=None if draft is None else undo)

    async def _take_back(self, intent: PendingMutation, draft: MutationRequest) -> None:
        try:
            await self._mutations.submit(draft)
            await self._mutations.note_undone(intent.key)
        except OperationsError as error:
            self._messages.post(f"Not taken back: {error}", "error")

    def _conflicted(self, intent: PendingMutation) -> None:
        self._messages.post(f"Somebody else was quicker. Waits for your choice: {intent.title}.", "warning")

    def _refused(self, intent: PendingMutation) -> None:
        self._messages.post(f"“{intent.title}” was refused: {intent.detail}", "error")
