"""What the pages share: a column in the middle with a title, words, and an error in words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from views.kit.theme import current
from views.kit.widgets.problem import ProblemLine

WIDTH = 440


class Page(QScrollArea):
    """A page; it scrolls when the window is small or the font is large, so nothing is ever clipped."""

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(title)
        inner = QWidget()
        middle = QHBoxLayout(inner)
        middle.addStretch(1)
        column = QWidget()
        column.setFixedWidth(max(WIDTH, QFontMetrics(current().font(10)).averageCharWidth() * 56))
        self.column = QVBoxLayout(column)
        self.column.setSpacing(12)
        self.column.addStretch(2)
        heading = QLabel(title)
        current().set_font(heading, 18, 600)
        heading.setWordWrap(True)
        self.words = QLabel(words)
        self.words.setWordWrap(True)
        self.column.addWidget(heading)
        self.column.addWidget(self.words)
        middle.addWidget(column)
        middle.addStretch(1)
        self.setWidget(inner)
        self._problem = ProblemLine()

    def add_error(self) -> None:
        """Put the error line below what was added so far."""
        self.column.addWidget(self._problem)

    def fail(self, words: str, field: QWidget | None = None) -> None:
        """Say what went wrong, and in which field; empty words clear it."""
        self._problem.say(words, field)

    @property
    def error(self) -> str:
        """The words that are shown as an error."""
        return self._problem.words


def button(text: str, *, default: bool = False) -> QPushButton:
    """A button of a page; Enter presses it while it has the keyboard."""
    made = QPushButton(text)
    made.setAutoDefault(True)
    made.setDefault(default)
    made.setMinimumHeight(32)
    return made
