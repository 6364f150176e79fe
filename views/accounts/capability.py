"""What accounts bring to the window: the dialog that asks for the second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from views.kit.browser import browse
from views.kit.capability import Capability

if TYPE_CHECKING:
    from app.core.step_up import StepUpQuestion
    from views.kit.capability import Window


def _connect(window: Window) -> None:
    def ask(question: StepUpQuestion) -> None:
        from PySide6.QtWidgets import QApplication

        from views.accounts.second_factor import dialog

        # Over the dialog that waits for it, where there is one: a window below a modal one takes no input.
        dialog.ask(window.console, question, QApplication.activeModalWidget() or window.as_parent, browse)

    window.console.step_up.asked.connect(ask)
    window.console.step_up.listening = True


CAPABILITY = Capability(name="accounts", connect=_connect)
