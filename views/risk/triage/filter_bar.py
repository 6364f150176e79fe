"""The queue's filter field, and its foot with the keys."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from views.kit.icons import paint
from views.kit.theme import current

PAD, FOOT = 8, 28
KEYS = (
    ("jk", "move"),
    ("Enter", "open"),
    ("X", "select"),
    ("/", "filter"),
    ("Z", "undo"),
    ("?", "all keys"),
)


def draw_key(painter: QPainter, left: float, middle: float, key: str, ink: str) -> float:
    """A key's cap; answers how wide it is."""
    theme, tokens = current(), current().tokens
    wide, high = max(theme.px(14), theme.width(key, 9) + 8), theme.height(9) + 2
    box = QRectF(round(left) + 0.5, round(middle - high / 2) + 0.5, round(wide), round(high))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.control_border), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)
    painter.setFont(theme.font(9))
    painter.setPen(QColor(ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
    return wide


class FilterField(QLineEdit):
    """What is typed narrows the queue. Enter looks at once and goes to the rows, Esc goes there as well."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Filter the queue")
        self.setPlaceholderText("Order, rule, country, score:80-100")
        self.restyle()

    def restyle(self) -> None:
        """Room for the sign in front and the key behind."""
        theme = current()
        self.setTextMargins(theme.px(18), 0, theme.px(20), 0)

    def sizeHint(self) -> QSize:
        return QSize(current().px(284), super().sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        size = theme.px(14)
        paint(painter, "filter", QRectF(PAD, (self.height() - size) / 2, size, size), tokens.text2)
        if not self.hasFocus() and not self.text():
            draw_key(painter, self.width() - theme.px(14) - PAD - 4, self.height() / 2, "/", tokens.text2)


class QueueFoot(QWidget):
    """Which rows are seen, what is chosen, and the keys."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, words: str) -> None:
        """Change the words at the left."""
        if words != self._words:
            self._words = words
            self.setAccessibleName(words)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(100, max(FOOT, round(current().height(9)) + 12))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(tokens.line))
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        middle = self.height() / 2
        painter.drawText(self.rect().adjusted(12, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter, self._words)
        right, least = float(self.width() - 12), theme.width(self._words, 9) + 36
        for keys, words in reversed(KEYS):
            caps = [keys] if len(keys) != 2 else list(keys)
            wide = sum(max(theme.px(14), theme.width(key, 9) + 8) + 6 for key in caps) + theme.width(words, 9)
            if right - wide < least:
                break
            left = right - wide
            for key in caps:
                left += draw_key(painter, left, middle, key, tokens.text2) + 6
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(QRectF(left, 0, right - left + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
            right -= wide + 18
