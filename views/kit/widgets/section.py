"""What panels that are read are put together from: headed sections, and lines of words."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from views.kit.theme import SECTION, current

NARROW = 520
"""Below this width, at 100 % font, two sections stand one below the other."""


class Heading(QWidget):
    """A section's name, and what there is to say about all of it."""

    def __init__(self, name: str, points: float = SECTION) -> None:
        super().__init__()
        self.name, self.more, self._points = QLabel(name), QLabel(), points
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name)
        # A remark goes on below rather than to push a narrow dock apart.
        self.more.setWordWrap(True)
        self.more.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.more, 1)
        self.say()

    def say(self, more: str = "") -> None:
        """Change what stands at the right."""
        theme = current()
        theme.set_font(self.name, self._points, 600)
        theme.set_font(self.more, 9)
        self.more.setText(f'<span style="color: {theme.tokens.text2}">{escape(more)}</span>' if more else "")


class Pair(QWidget):
    """Two sections beside each other, or one below the other where there is no room."""

    def __init__(self, one: QWidget, other: QWidget) -> None:
        super().__init__()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(16)
        for widget in (one, other):
            self._box.addWidget(widget, 1, Qt.AlignmentFlag.AlignTop)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= current().px(NARROW)
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)


class Section(QWidget):
    """A heading and what is below."""

    def __init__(self, name: str, *below: QWidget, points: float = SECTION) -> None:
        super().__init__()
        self.heading = Heading(name, points)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.heading)
        for widget in below:
            column.addWidget(widget)


class Lines(QLabel):
    """A few lines of words, each with a name or an instant before it; can be selected and copied."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def show_lines(self, lines: list[tuple[str, str, bool]], wide: int = 92) -> None:
        """Show lines of name, words and whether the words are strong."""
        theme = current()
        theme.set_font(self, 10)
        low = "padding-bottom: 3px"
        quiet = f"color: {theme.tokens.text3}; {low}"
        rows = "".join(
            f'<tr><td width="{theme.px(wide)}" style="{quiet}">{escape(name)}</td>'
            f'<td style="{low}">{f"<b>{escape(words)}</b>" if strong else escape(words)}</td></tr>'
            for name, words, strong in lines
        )
        self.setText(f'<table cellspacing="0" cellpadding="0">{rows}</table>')
        self.setAccessibleDescription(". ".join(f"{name} {words}" for name, words, _ in lines))
