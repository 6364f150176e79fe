"""What dialogs that send a decision share: they keep what was typed until the decision is safe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtWidgets import QPlainTextEdit, QWidget
from shiboken6 import isValid

from app.core.errors import OperationsError, ProblemAnswer
from app.core.mutation_types import InConflict
from app.core.tasks import Tasks
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current

LONGEST_WORDS = 2000


class DecidingDialog(WindowDialog):
    """Sends a decision and stays open, with what was typed, until the server or the outbox has it."""

    def __init__(
        self, title: str, tasks: Tasks, parent: QWidget, *, accept: str, hint: str, destructive: bool = False
    ) -> None:
        """``hint`` says what the words are for."""
        super().__init__(title, parent, accept=accept, destructive=destructive)
        self._tasks = tasks
        self._sending = False
        self.words = QPlainTextEdit()
        self.words.setAccessibleName(hint)
        self.words.setPlaceholderText(hint)
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(current().px(96))

    def ask_for_words(self) -> None:
        """Put the field last, with the keyboard in it: in no layout yet, it could not keep it."""
        self.column.addWidget(self.words)
        self.words.setFocus()

    def checked_words(self, *, needed: bool = True) -> str | None:
        """What was typed; says what is wrong with it and answers ``None``."""
        text = self.words.toPlainText().strip()
        if needed and not text:
            self.fail("Say in a few words why: the next shift reads it.", self.words)
        elif len(text) > LONGEST_WORDS:
            self.fail(f"At most {LONGEST_WORDS} characters; these are {len(text)}.", self.words)
        else:
            return text
        return None

    def field_of(self, _pointer: str) -> QWidget | None:
        """The field that a part of the request was typed in, by its JSON pointer; ``None`` where there is none."""
        return None

    def _field_at_fault(self, error: OperationsError) -> QWidget | None:
        if not isinstance(error, ProblemAnswer):
            return None
        fields = (self.field_of(each.pointer) for each in error.problem.errors)
        return next((field for field in fields if field is not None), None)

    def send(self, deciding: Callable[[], Awaitable[object]]) -> None:
        """Send it once; close when it is safe, say why not otherwise."""
        if self._sending:
            return
        self._sending = True
        self.fail("")
        self.buttons.setEnabled(False)
        self.carry_out(self._tasks, self._send(deciding), f"decide: {self.windowTitle()}")

    async def _send(self, deciding: Callable[[], Awaitable[object]]) -> None:
        try:
            await deciding()
        except InConflict:
            self.accept()  # the choice is asked for in a view of its own
        except OperationsError as error:
            self.fail(f"{error} Your text is kept.", self._field_at_fault(error))
        else:
            self.accept()
        finally:
            self._sending = False
            if isValid(self.buttons):  # the whole window may have been closed meanwhile
                self.buttons.setEnabled(True)
