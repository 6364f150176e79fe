"""Replay with a count first, give up, and say what became of a command whose answer was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QRadioButton, QWidget

from app.core.errors import OperationsError
from app.deliveries.domain import Deliveries, discard, replay, resolve
from models.core.wording import counted
from models.deliveries.letters import Resolution
from views.deliveries.connection_dialogs import paragraph
from views.deliveries.wording import action_words
from views.kit.dialogs.base import ROLE
from views.kit.dialogs.deciding import DecidingDialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from models.deliveries.letters import Letter, ReplayRequest, ReplayResult

LEFT_OUT_SHOWN = 5


class ReplayDialog(DecidingDialog):
    """Counts first, without sending anything; what would be left out is said with its reason."""

    def __init__(self, console: Console, request: ReplayRequest, letters: Sequence[Letter], parent: QWidget) -> None:
        """``letters`` are those that are known, for the names of what is left out."""
        super().__init__("Replay dead letters", console.tasks, parent, accept="Replay", hint="Why")
        self._console, self._request = console, request
        self._names = {letter.id: f"{action_words(letter)} {letter.about}".strip() for letter in letters}
        self.counted: ReplayResult | None = None
        """What would go, once that is known."""
        self.words.setParent(self)
        self.words.hide()
        self.said = paragraph("Counting what would go…")
        self.left_out = paragraph("")
        self.left_out.hide()
        self.column.addWidget(self.said)
        self.column.addWidget(self.left_out)
        self.column.addWidget(
            paragraph(
                "They go again under their old ids, so that a system that knows ids does nothing twice; in order among "
                "themselves, but not among what has been sent since."
            )
        )
        self._allow(None)
        self.look(console.tasks, self._count(), "count a replay")

    def _allow(self, count: int | None) -> None:
        button = next(b for b in self.buttons.buttons() if self.buttons.buttonRole(b) is ROLE.AcceptRole)
        button.setEnabled(bool(count))
        button.setText("Replay" if not count else f"Replay {count:,}")

    async def _count(self) -> None:
        try:
            found = await self._console.of(Deliveries).replay_count(self._request)
        except OperationsError as error:
            self.said.setText("It is not known how many would go.")
            self.fail(str(error))
            return
        self.counted = found
        where = self._console.environment or "this environment"
        words = f"{counted(found.count, 'letter goes', 'letters go')} again, in {where}."
        self.said.setText(words if found.count else "None of them would go.")
        shown = found.left_out[:LEFT_OUT_SHOWN]
        lines = [f"{self._names.get(each.id, each.id)}: {each.words}" for each in shown]
        more = len(found.left_out) - len(shown)
        lines += [f"and {more} more"] if more else []
        self.left_out.setText(f"{counted(len(found.left_out), 'is', 'are')} left out:\n" + "\n".join(lines))
        self.left_out.setVisible(bool(shown))
        self._allow(found.count)

    def submit(self) -> None:
        """Replay them."""
        if self.counted is not None and (count := self.counted.count):
            self.send(lambda: replay(self._console.mutations, self._request, count))


class DiscardLettersDialog(DecidingDialog):
    """They are not sent any more."""

    def __init__(self, console: Console, letters: Sequence[Letter], parent: QWidget) -> None:
        many = counted(len(letters), "letter", "letters")
        super().__init__(f"Discard {many}", console.tasks, parent, accept="Discard", hint="Why", destructive=True)
        self._console, self._letters = console, letters
        where = console.environment or "this environment"
        self.column.addWidget(
            paragraph(
                f"In {where}, {many} will never arrive. They stay in the list of what was given up, with your words."
            )
        )
        self.ask_for_words()

    def submit(self) -> None:
        """Give them up."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: discard(self._console.mutations, self._letters, words))


class ResolveDialog(DecidingDialog):
    """A person has looked in the shop and says what became of it."""

    def __init__(self, console: Console, letter: Letter, parent: QWidget) -> None:
        super().__init__("What became of it?", console.tasks, parent, accept="Say so", hint="How you know")
        self._console, self._letter = console, letter
        head = f"{action_words(letter)} {letter.about}".strip()
        self.column.addWidget(
            paragraph(
                f"{head[:1].upper()}{head[1:]}: the shop was asked and its answer was lost, and it cannot be asked "
                "whether it was done. Look in the shop first."
            )
        )
        self.was_done = QRadioButton("The shop has done it")
        self.was_not_done = QRadioButton("The shop has not done it: ask again, under the same id")
        self.column.addWidget(self.was_done)
        self.column.addWidget(self.was_not_done)
        self.column.addWidget(self.words)
        self.was_done.setFocus()

    def submit(self) -> None:
        """Say so."""
        if not self.was_done.isChecked() and not self.was_not_done.isChecked():
            self.fail("Choose one of the two.", self.was_done)
            return
        words = self.checked_words()
        if words is not None:
            found = Resolution.DONE if self.was_done.isChecked() else Resolution.NOT_DONE
            self.send(lambda: resolve(self._console.mutations, self._letter, found, words))
