"""What a severity sets off, in words, beside the box in which it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QLabel

from app.incidents.domain import Incidents

if TYPE_CHECKING:
    from app.console import Console


class Consequence(QLabel):
    """Who is paged, how often everybody is told, whether a review follows, as the matrix has it."""

    def __init__(self, console: Console, severity: QComboBox, dialog: QDialog) -> None:
        super().__init__(dialog)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName("What follows")
        self._severity = severity
        self._matrix = console.of(Incidents).matrix()
        watch = self._matrix.watch()
        self._matrix.changed.connect(self._say)
        dialog.finished.connect(lambda *_: watch.close())
        severity.currentIndexChanged.connect(self._say)
        self._say()

    def _say(self, *_: object) -> None:
        sample = self._matrix.sample
        levels = sample.value.levels if sample is not None else ()
        level = next((each for each in levels if each.severity == self._severity.currentData()), None)
        if level is None:
            self.setText("Who is paged follows from the severity.")
            return
        paged = "Somebody on call is paged." if level.escalation_policy_id is not None else "Nobody is paged."
        often = f" An update is due every {level.update_minutes} min." if level.update_minutes else ""
        review = " It ends with a review." if level.review_required else ""
        self.setText(f"{level.meaning} {paged}{often}{review}")
