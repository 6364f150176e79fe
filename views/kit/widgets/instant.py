"""A field for a minute in UTC. The form it shows can be typed and pasted as it stands; digits alone do too."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, QTimeZone
from PySide6.QtGui import QKeyEvent, QValidator
from PySide6.QtWidgets import QDateTimeEdit, QWidget

FORMAT = "yyyy-MM-dd HH:mm"
_SEPARATORS = "-/. T:"
_WHOLE = re.compile(r"(?=(\d{4}-\d{2}-\d{2})[ T]+(\d{2}:\d{2}))")
"""Wherever it begins, also within another one."""


class InstantField(QDateTimeEdit):
    """``instant`` is what it holds, without seconds."""

    def __init__(self, at: datetime, name: str, *, unit: str = "", parent: QWidget | None = None) -> None:
        """``unit`` stands behind the minute, such as ``UTC`` where no label says so."""
        super().__init__(parent)
        self._moved_on = False
        """A part was full, and the keyboard is in the next one: the separator typed now has been passed already."""
        self.setTimeZone(QTimeZone.utc())
        self.setDisplayFormat(f"{FORMAT} '{unit}'" if unit else FORMAT)
        self.setCalendarPopup(True)
        self.setAccessibleName(name)
        self.setDateTime(QDateTime.fromSecsSinceEpoch(int(at.timestamp()) // 60 * 60, QTimeZone.utc()))

    @property
    def instant(self) -> datetime:
        """The minute it shows."""
        return datetime.fromtimestamp(self.dateTime().toSecsSinceEpoch(), UTC).replace(second=0, microsecond=0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        text, section = event.text(), self.currentSectionIndex()
        if text and text in _SEPARATORS:
            if not self._moved_on:
                self.setSelectedSection(self.sectionAt(min(section + 1, self.sectionCount() - 1)))
            self._moved_on = False
            return
        super().keyPressEvent(event)
        self._moved_on = text.isdecimal() and self.currentSectionIndex() > section

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        # What is pasted comes into the middle of what stands there, from wherever it is pasted.
        shown = len(self.displayFormat().replace("'", ""))
        if len(text) > shown and (found := _WHOLE.findall(text)):
            day, minute = found[-1]
            whole = f"{day} {minute}{self.displayFormat().replace(chr(39), '')[len(FORMAT) :]}"
            if self.dateTimeFromText(whole).isValid():
                return QValidator.State.Acceptable, whole, len(FORMAT)
        answer: tuple[QValidator.State, str, int] = super().validate(text, position)  # type: ignore[assignment]
        return answer
