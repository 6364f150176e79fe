"""The severity matrix as it is edited: what each severity means, whom it wakes, how often is told, who may close it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.incidents.settings import change_matrix
from models.deliveries.routing import Team
from models.incidents.matrix import Closer, SeverityLevel, SeverityMatrix, SeverityMatrixRequest
from views.incidents.dialogs import paragraph
from views.incidents.policy_box import PolicyBox
from views.incidents.wording import CLOSERS
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.fields import in_one_line, number_field

if TYPE_CHECKING:
    from app.console import Console

WIDE, MEANING_HIGH, MEANING_MOST = 900, 92, 500
ROWS = ("Means", "Pages", "Tells", "Update every", "Review within", "Closed by")


class LevelForm:
    """The column of one severity."""

    def __init__(self, console: Console, dialog: MatrixDialog, level: SeverityLevel) -> None:
        self.before = level
        name = str(level.severity)
        self.meaning = QPlainTextEdit(level.meaning)
        self.meaning.setTabChangesFocus(True)
        self.meaning.setFixedHeight(current().px(MEANING_HIGH))
        self.meaning.setAccessibleName(f"When to choose {name}")
        self.policy = PolicyBox(
            console, dialog, f"Whom {name} pages", nobody="nobody", chosen=level.escalation_policy_id
        )
        self.teams = {team: QCheckBox(str(team).capitalize()) for team in Team}
        for team, box in self.teams.items():
            box.setChecked(team in level.teams)
            box.setAccessibleName(f"{name} tells {team}")
        self.minutes = number_field(5, 10_080, level.update_minutes or 60, f"Minutes between updates of {name}", " min")
        self.often = _switch(f"Updates of {name} at set times", self.minutes, on=level.update_minutes is not None)
        self.days = number_field(1, 90, level.review_days, f"Days until the review of {name}", " d")
        self.review = _switch(f"A review of {name} is due", self.days, on=level.review_required)
        self.closer = QComboBox()
        self.closer.setAccessibleName(f"Who may close {name}")
        for closer, words in CLOSERS.items():
            self.closer.addItem(words, closer)
        self.closer.setCurrentIndex(self.closer.findData(level.closer))

    def place(self, grid: QGridLayout, column: int) -> None:
        """Put the fields below each other."""
        head = QLabel(str(self.before.severity))
        current().set_font(head, 11, 600)
        teams = QWidget()
        lines = QVBoxLayout(teams)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(2)
        for box in self.teams.values():
            lines.addWidget(box)
        fields = (
            head,
            self.meaning,
            self.policy,
            teams,
            in_one_line(self.often, self.minutes),
            in_one_line(self.review, self.days),
            self.closer,
        )
        for row, field in enumerate(fields):
            grid.addWidget(field, row, column, Qt.AlignmentFlag.AlignTop)

    def level(self) -> SeverityLevel:
        """As it stands in the fields."""
        return SeverityLevel(
            severity=self.before.severity,
            meaning=self.meaning.toPlainText().strip(),
            escalation_policy_id=self.policy.chosen,
            teams=tuple(team for team, box in self.teams.items() if box.isChecked()),
            update_minutes=self.minutes.value() if self.often.isChecked() else None,
            review_required=self.review.isChecked(),
            review_days=self.days.value(),
            closer=Closer(self.closer.currentData()),
        )


class MatrixDialog(DecidingDialog):
    """All four severities beside each other."""

    def __init__(self, console: Console, matrix: SeverityMatrix, parent: QWidget) -> None:
        super().__init__("Change the severity matrix", console.tasks, parent, accept="Change it", hint="Why")
        self._console, self._matrix = console, matrix
        self.setMinimumWidth(current().px(WIDE))
        grid = QGridLayout()
        grid.setHorizontalSpacing(current().px(16))
        grid.setVerticalSpacing(current().px(8))
        for row, words in enumerate(ROWS, start=1):
            grid.addWidget(QLabel(words), row, 0, Qt.AlignmentFlag.AlignTop)
        self.forms = [LevelForm(console, self, level) for level in matrix.levels]
        for column, form in enumerate(self.forms, start=1):
            form.place(grid, column)
            grid.setColumnStretch(column, 1)
        self.column.addLayout(grid)
        said = "It holds for what is opened, gets worse or is closed from then on."
        self.column.addWidget(paragraph(f"{said} What asks for less than before waits until somebody else agrees."))
        self.words.setFixedHeight(current().px(52))
        self.column.addWidget(self.words)
        self.forms[0].meaning.setFocus()

    def submit(self) -> None:
        """Send it as a whole."""
        for form in self.forms:
            if len(form.meaning.toPlainText().strip()) > MEANING_MOST:
                self.fail(f"{form.before.severity}: at most {MEANING_MOST} characters.", form.meaning)
                return
        levels = tuple(form.level() for form in self.forms)
        if all(form.before == level for form, level in zip(self.forms, levels, strict=True)):
            self.fail("Nothing is different.", self.forms[0].meaning)
            return
        words = self.checked_words()
        if words is not None:
            self.send(lambda: self._change(SeverityMatrixRequest(levels=levels, reason=words)))

    async def _change(self, request: SeverityMatrixRequest) -> None:
        outcome = await change_matrix(self._console.mutations, self._matrix, request)
        if "approvalId" in outcome.answer:  # nothing has changed, so it has to be said
            self._console.messages.post(
                "The severity matrix is as it was: it asks for less than before, and waits under Access for somebody "
                "else to agree."
            )

    def field_of(self, pointer: str) -> QWidget | None:
        match pointer.strip("/").split("/"):
            case ["levels", number, "escalationPolicyId"] if number.isdecimal() and int(number) < len(self.forms):
                return self.forms[int(number)].policy
            case ["levels", number, *_] if number.isdecimal() and int(number) < len(self.forms):
                return self.forms[int(number)].meaning
            case ["reason"]:
                return self.words
        return None


def _switch(name: str, field: QSpinBox, *, on: bool) -> QCheckBox:
    box = QCheckBox()
    box.setChecked(on)
    box.setAccessibleName(name)
    field.setEnabled(on)
    box.toggled.connect(field.setEnabled)
    return box
