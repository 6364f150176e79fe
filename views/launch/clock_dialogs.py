"""Hold the count, let it go on, take it back to an earlier point, scrub, and say that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget

from app.launch import mutations
from app.launch.countdown import offset_words, parse_reading, reading_words
from models.launch.poll import Choice
from views.kit.theme import current
from views.launch.dialog import LaunchDialog

if TYPE_CHECKING:
    from views.launch.desk import LaunchDesk


class HoldDialog(LaunchDialog):
    """Why, and what must be true before it goes on."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Hold the count", accept="Hold", hint="Why it is held")
        shown = desk.countdown
        at = "" if shown is None else f" It shows {reading_words(shown.reading)} now."
        self.say(f"The clock stops at once, for everybody.{at}")
        self.criteria = QPlainTextEdit()
        self.criteria.setPlaceholderText("What must be true before it goes on")
        self.criteria.setAccessibleName("Exit criteria")
        self.criteria.setTabChangesFocus(True)
        self.criteria.setFixedHeight(current().px(64))
        self.ask_for_words()
        self.column.addWidget(self.criteria)

    def submit(self) -> None:
        """Hold it."""
        words, launch = self.checked_words(), self.desk.launch
        criteria = self.criteria.toPlainText().strip()
        if words is None or launch is None:
            return
        if not criteria:
            self.fail("Say what must be true before it goes on: whoever resumes it reads that.", self.criteria)
            return
        self.send(lambda: mutations.hold(self.console.mutations, launch, words, criteria))


class ReleaseDialog(LaunchDialog):
    """Ends the hold that is seen."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Resume the count", accept="Resume", hint="How its exit criteria are met")
        clock = desk.status.clock if desk.status is not None else None
        self._hold = clock.hold if clock is not None else None
        if clock is not None:
            self.say(f"Hold {clock.hold} at {offset_words(clock.reading)}. {clock.reason or ''}".strip())
            self.say(f"It may go on when: {clock.exit_criteria or 'nothing is written down'}")
        verdict = desk.verdict
        if verdict is not None and verdict.word is not Choice.GO:
            self.say(f"The verdict is {verdict.word}: {verdict.causes[0].title if verdict.causes else 'not known'}.")
        self.ask_for_words()

    def submit(self) -> None:
        """Resume it."""
        words, launch, hold = self.checked_words(), self.desk.launch, self._hold
        if words is None or launch is None:
            return
        if hold is None:
            self.fail("The clock does not hold any more.")
            return
        self.send(lambda: mutations.release(self.console.mutations, launch, hold, words))


class RecycleDialog(LaunchDialog):
    """Goes back to an earlier point and holds there."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Recycle to an earlier point", accept="Recycle", destructive=True)
        self.say("The clock goes back to an earlier reading and holds there. Planned holds behind it stop it again.")
        self.reading = QComboBox()
        self.reading.setEditable(True)
        shown, launch = desk.countdown, desk.launch
        for point in launch.points if launch is not None else ():
            if shown is None or point.reading < shown.reading:
                self.reading.addItem(f"{offset_words(point.reading)}: {point.title}", point.reading)
        self.fields(("Back to", self.reading))
        self.ask_for_words()

    def submit(self) -> None:
        """Recycle it."""
        words, launch, shown = self.checked_words(), self.desk.launch, self.desk.countdown
        if words is None or launch is None:
            return
        text = self.reading.currentText()
        at = self.reading.findText(text)
        try:
            reading = float(self.reading.itemData(at)) if at >= 0 else parse_reading(text)
        except ValueError as error:
            self.fail(str(error), self.reading)
            return
        if shown is not None and reading >= shown.reading:
            self.fail(f"It shows {reading_words(shown.reading)} now: an earlier point is before that.", self.reading)
            return
        self.send(lambda: mutations.recycle(self.console.mutations, launch, reading, words))


class ScrubDialog(LaunchDialog):
    """Gives the launch up for this time."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        title = desk.launch.title if desk.launch is not None else "the launch"
        super().__init__(desk, parent, f"Scrub {title}", accept="Scrub it", hint="What was decided", destructive=True)
        where = desk.console.environment or "this environment"
        self.say(
            f"In {where}, {title} is given up for this time: its clock ends and nothing of it changes any more. "
            "Begin a new launch from its template for the next attempt. This cannot be taken back."
        )
        self.ask_for_words()

    def submit(self) -> None:
        """Scrub it."""
        words, launch = self.checked_words(), self.desk.launch
        if words is not None and launch is not None:
            self.send(lambda: mutations.scrub(self.console.mutations, launch, words))


class FinishDialog(LaunchDialog):
    """Says that the launch is done."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        title = desk.launch.title if desk.launch is not None else "the launch"
        super().__init__(desk, parent, f"{title} is done", accept="It is done", hint="How it went", destructive=True)
        self.say("The launch ends, and nothing of it changes any more; afterwards you can keep items for the next one.")
        self.ask_for_words()

    def submit(self) -> None:
        """End it."""
        words, launch = self.checked_words(), self.desk.launch
        if words is not None and launch is not None:
            self.send(lambda: mutations.finish(self.console.mutations, launch, words))


def reading_field(text: str) -> QLineEdit:
    """A field for a reading of the clock."""
    field = QLineEdit(text)
    field.setPlaceholderText("1:30:00 before T\N{MINUS SIGN}0")
    return field
