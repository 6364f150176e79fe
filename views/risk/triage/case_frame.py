"""What the case is put together from: sections, lines of words, the note field and the verdict bar."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QHideEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from views.kit.theme import current

NARROW = 520
"""Below this width, at 100 % font, two sections stand one below the other."""


class Heading(QWidget):
    """A section's name, and what there is to say about all of it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.more = QLabel(name), QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name)
        row.addStretch(1)
        row.addWidget(self.more)

    def say(self, more: str = "") -> None:
        """Change what stands at the right."""
        theme = current()
        theme.set_font(self.name, 12, 600)
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

    def __init__(self, name: str, *below: QWidget) -> None:
        super().__init__()
        self.heading = Heading(name)
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


class NoteField(QPlainTextEdit):
    """Where a note is typed. Enter is a new line; Ctrl+Enter sends, Esc leaves what was typed where it is."""

    sent = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Note")
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        theme = current()
        lines = min(5, max(1, self.document().blockCount()))
        return QSize(theme.px(160), round(lines * theme.height(10)) + 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and control:
            self.sent.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.toPlainText() or self.hasFocus():
            return
        theme, tokens = current(), current().tokens
        painter = QPainter(self.viewport())
        high = theme.height(9) + 2
        box = self.viewport().rect()
        wide = theme.width("N", 9) + 8
        painter.setPen(QPen(QColor(tokens.control_border), 1))
        cap = box.adjusted(0, 0, 0, 0)
        cap.setLeft(round(box.right() - wide))
        cap.setTop(round(box.center().y() - high / 2))
        cap.setHeight(round(high))
        painter.drawRoundedRect(cap.adjusted(0, 0, -1, -1), 3, 3)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, "N")


class CaseFoot(QWidget):
    """What stays below while the case scrolls, with a line above it."""

    def __init__(self) -> None:
        super().__init__()
        self._about: str | None = None
        self.painted: str | None = None
        """What it was about when it was last painted; ``None`` while nobody sees it."""

    def be_about(self, about: str | None) -> None:
        """Whose case stands above; ``None`` while it is not there."""
        if about != self._about:
            self._about = about
            self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.painted = None

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.painted = self._about
        QPainter(self).fillRect(0, 0, self.width(), 1, QColor(current().tokens.line))
