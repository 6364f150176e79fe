"""New draft, publish, discard: each says what it means before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QLabel, QLineEdit, QPlainTextEdit, QWidget

from app.risk.rules import create_draft, discard_draft, publish, set_words
from models.risk.rules import RuleSetState
from views.kit.dialogs.base import WindowDialog
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.console import Console
    from app.core.tasks import Tasks
    from models.risk.rules import RuleSetSummary


def words_label(text: str) -> QLabel:
    """A paragraph."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label


class NewDraftDialog(DecidingDialog):
    """A title; the rules are those of the version it begins with."""

    def __init__(
        self, console: Console, based_on: RuleSetSummary | None, made: Callable[[str], Awaitable[None]], parent: QWidget
    ) -> None:
        """``based_on``: ``None`` is the published version; ``made`` is told the id of the draft."""
        super().__init__("New draft of rules", console.tasks, parent, accept="Create draft", hint="Why")
        self._console, self._based_on, self._made = console, based_on, made
        self.words.setParent(self)
        self.words.hide()
        self.name = QLineEdit()
        self.name.setMaxLength(200)
        self.name.setAccessibleName("Title of the draft")
        self.name.setPlaceholderText("What is to change, such as Tighter limits for new accounts")
        base = "the published version" if based_on is None else f"version {based_on.number}"
        self.column.addWidget(
            words_label(f"Starts as a copy of {base}. Nothing changes for orders until somebody else publishes it.")
        )
        self.column.addWidget(self.name)
        self.name.setFocus()

    def submit(self) -> None:
        """Make it."""
        title = self.name.text().strip()
        if not title:
            self.fail("A title tells versions apart: say what is to change.", self.name)
            return
        self.send(lambda: self._make(title))

    async def _make(self, title: str) -> None:
        outcome = await create_draft(self._console.mutations, title, self._based_on)
        if found := outcome.answer.get("ruleSetId"):
            await self._made(str(found))


class SaveFirstDialog(WindowDialog):
    """What is not saved is never left out in silence: save it first, or go on with the draft as it was saved."""

    def __init__(
        self, what: str, save: Callable[[], Awaitable[bool]], go_on: Callable[[], object], tasks: Tasks, parent: QWidget
    ) -> None:
        """``what`` is to be done, such as *backtest*; ``go_on`` does it."""
        super().__init__("Changes that are not saved", parent, accept=f"Save, then {what}")
        self._save, self._go_on, self._tasks = save, go_on, tasks
        words = f"A {what} is of the saved draft: changes that are not saved yet are not in it."
        self.column.addWidget(words_label(words))
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.saved = self.buttons.addButton(f"{what.capitalize()} of the saved draft", role)
        self.saved.setAutoDefault(False)
        self.saved.clicked.connect(self._as_saved)

    def _as_saved(self) -> None:
        self.accept()
        self._go_on()

    def submit(self) -> None:
        """Save, and go on once all of it is saved."""
        self.carry_out(self._tasks, self._save_first(), "save a draft first")

    async def _save_first(self) -> None:
        if await self._save():
            self.accept()
            self._go_on()
        else:
            self.fail("Not everything is saved; the rules say why.")


class DiscardDialog(DecidingDialog):
    """Throw a draft away."""

    def __init__(self, console: Console, one: RuleSetSummary, parent: QWidget) -> None:
        super().__init__("Discard a draft", console.tasks, parent, accept="Discard it", hint="Why", destructive=True)
        self._console, self._one = console, one
        self.words.setParent(self)
        self.words.hide()
        self.column.addWidget(
            words_label(
                f"On {console.environment or 'this server'}: {set_words(one)}, by {one.author_name}, is thrown away. "
                "It stays in the audit log and cannot be brought back."
            )
        )

    def submit(self) -> None:
        """Discard it."""
        self.send(lambda: discard_draft(self._console.mutations, self._one))


class PublishDialog(DecidingDialog):
    """What changes for orders from now on, and why; without a shadow run also why none is needed."""

    def __init__(self, console: Console, one: RuleSetSummary, now: RuleSetSummary | None, parent: QWidget) -> None:
        again = one.state is RuleSetState.RETIRED
        title = f"Roll back to version {one.number}" if again else f"Publish version {one.number}"
        super().__init__(title, console.tasks, parent, accept="Publish it", hint="Why; it is kept in the audit log")
        self._console, self._one = console, one
        where = console.environment or "this server"
        replaces = f" It takes the place of {set_words(now)}." if now is not None else ""
        self.column.addWidget(
            words_label(
                f"Every order checked on {where} from now on is decided by {set_words(one)}, {one.rule_count} rules, "
                f"written by {one.author_name}.{replaces}"
            )
        )
        back = "" if now is None else f" Publishing version {now.number} again undoes it."
        note = words_label(f"Orders already decided stay as they are.{back} A second factor is asked for.")
        current().set_font(note, 9)
        self.column.addWidget(note)
        self.shadow_missing = not again and one.shadow_orders == 0
        self.waive = QCheckBox("Publish without a shadow run")
        self.waive_words = QPlainTextEdit()
        self.waive_words.setTabChangesFocus(True)
        self.waive_words.setFixedHeight(current().px(56))
        self.waive_words.setAccessibleName("Why no shadow run is needed")
        self.waive_words.setPlaceholderText("Why no shadow run is needed")
        if self.shadow_missing:
            self.column.addWidget(
                words_label("This draft has not run beside live traffic: switch its shadow run on, or say why not.")
            )
            self.column.addWidget(self.waive)
            self.column.addWidget(self.waive_words)
            self.waive_words.setEnabled(False)
            self.waive.toggled.connect(self.waive_words.setEnabled)
        self.ask_for_words()

    def submit(self) -> None:
        """Publish it."""
        waived = self.waive_words.toPlainText().strip() if self.waive.isChecked() else ""
        if self.shadow_missing and not self.waive.isChecked():
            self.fail("Let it run beside live traffic first, or tick why that is not needed.", self.waive)
            return
        if self.shadow_missing and not waived:
            self.fail("Say why no shadow run is needed.", self.waive_words)
            return
        words = self.checked_words()
        if words is not None:
            self.send(lambda: publish(self._console.mutations, self._one, words, waived))
