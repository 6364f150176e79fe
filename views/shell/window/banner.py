"""The banner across the window while the link is lost or a past instant is looked at: inverse, no hue, no mistake."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill

HEIGHT, STRIPES = 32, 48


class LinkBanner(QWidget):
    """A sentence over the whole width, and one thing to do about it."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._head = self._words = self._right = ""
        self.button = Pill("Try now", Look.INVERSE, name="Try now")
        self.button.clicked.connect(self.pressed)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        row.addWidget(self.button)
        self.hide()

    def say(self, head: str, words: str, right: str = "", button: str = "") -> None:
        """Show the banner; without a head it goes away."""
        self._head, self._words, self._right = head, words, right
        self.setAccessibleName(f"{head}. {words}")
        self.setToolTip(words)
        self.button.setVisible(bool(button))
        self.button.set(button)
        self.button.setAccessibleName(button)
        self.setVisible(bool(head))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, max(HEIGHT, QFontMetrics(current().font(10)).height() + 10))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.text2))
        # Stripes: a pattern is seen by those who do not see that the colours are the wrong way round.
        painter.setClipRect(0, 0, STRIPES, self.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.base), 3))
        for x in range(-self.height(), STRIPES, 9):
            painter.drawLine(x, self.height(), x + self.height(), 0)
        painter.setClipping(False)
        bold, plain = current().font(10, 600), current().font(10)
        painter.setPen(QColor(tokens.base))
        y = Qt.AlignmentFlag.AlignVCenter
        x = STRIPES + 12
        painter.setFont(bold)
        painter.drawText(x, 0, self.width(), self.height(), y, self._head)
        x += QFontMetrics(bold).horizontalAdvance(self._head) + 12
        end = self.width() - 16 - (self.button.sizeHint().width() if not self.button.isHidden() else 0)
        painter.setFont(plain)
        metrics = QFontMetrics(plain)
        right = metrics.horizontalAdvance(self._right)
        if right and end - right - 24 > x:
            painter.drawText(end - right - 8, 0, right, self.height(), y, self._right)
            end -= right + 24
        words = metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, max(0, end - x))
        painter.drawText(x, 0, max(0, end - x), self.height(), y, words)
