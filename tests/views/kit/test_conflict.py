"""The dialog in which an operator chooses between two changes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from PySide6.QtWidgets import QApplication, QWidget

from app.core.outbox import PendingMutation
from app.core.tasks import Tasks
from tests.views.office import turns, until
from views.kit.dialogs.conflict import ConflictDialog
from views.kit.theme import Theme


def test_deciding_later_before_the_answer_is_there(aio: Any, qapp: QApplication) -> None:
    Theme(qapp).apply("dark")

    async def steps() -> None:
        mutation = PendingMutation(
            "k", "ada", "rule.change", "“Downloads” changed", "PATCH", "/rules/1", "{}", 1, "rule:1"
        )
        asked, answered = asyncio.Event(), asyncio.Event()

        async def look_at_theirs(_key: str) -> PendingMutation:
            asked.set()
            await answered.wait()
            return mutation

        tasks, window = Tasks(), QWidget()
        window.show()
        console: Any = SimpleNamespace(mutations=SimpleNamespace(look_at_theirs=look_at_theirs), tasks=tasks)
        dialog = ConflictDialog(console, mutation, window)
        dialog.open()
        await asked.wait()
        dialog.reject()
        await until(lambda: not window.findChildren(ConflictDialog))
        answered.set()
        await until(lambda: not tasks._running)
        window.deleteLater()
        await turns()

    aio(steps())
