"""What the case has of its own: the note field and the verdict bar."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QHideEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from views.kit.theme import current


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
