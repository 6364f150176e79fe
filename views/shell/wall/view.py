"""The wall display: bars above, pages that turn, both from the capabilities; type sized by screen and distance.

Capital letters are at least 0.00465 x the viewing distance high. No write action, no focus, no chrome.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from app.core.freshness import Quality, long_age_words
from app.core.link import LinkState
from views.capabilities import CAPABILITIES
from views.kit.theme import current
from views.kit.wall import LEFT, RIGHT, wall_font

if TYPE_CHECKING:
    from app.console import Console

CAPITAL_PER_DISTANCE = 0.00465
CAPITAL_PER_SIZE = 0.727
"""Height of a capital letter of Inter as a share of its pixel size."""
PAGE_SECONDS = 15
MM_PER_INCH = 25.4
BAR, LOW_BAR = 2.8, 1.9
"""Height of a bar above the pages, and of each where there are several: the pages need their room."""


def smallest_type(height_px: int, width_px: int, diagonal_inches: float, distance_metres: float) -> float:
    """Pixel size of the smallest type, so that it is read from that far; what the screen can hold at most."""
    ratio = width_px / max(1, height_px)
    height_mm = diagonal_inches * MM_PER_INCH / math.hypot(ratio, 1)
    wanted = distance_metres * 1000 * CAPITAL_PER_DISTANCE / CAPITAL_PER_SIZE * height_px / height_mm
    return min(max(wanted, height_px / 60), height_px / 20, width_px / 34)


class WallView(QWidget):
    """Rotates through its pages; Space pauses, arrows turn pages, Esc or F11 leaves."""

    def __init__(self, console: Console) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("opsconsole wall")
        self.setAccessibleName("Wall display")
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._console = console
        self.page = 0
        self.paused = False
        self._turned = 0
        self._bars = [each.wall_bar(console) for each in CAPABILITIES if each.wall_bar is not None]
        self._pages = [page for each in CAPABILITIES if each.wall_pages for page in each.wall_pages(console)]
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._second.start()
        console.figures_changed.connect(self.repaint_soon)
        console.time.changed.connect(self.repaint_soon)

    def repaint_soon(self) -> None:
        """Figures have arrived, or another time is looked at."""
        self.update()

    def turn(self, step: int) -> None:
        """Another page."""
        self.page = (self.page + step) % len(self._pages)
        self._turned = 0
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_F11:
                self.close()
            case Qt.Key.Key_Space:
                self.paused = not self.paused
                self.update()
            case Qt.Key.Key_Right:
                self.turn(1)
            case Qt.Key.Key_Left:
                self.turn(-1)
            case _:
                super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._second.stop()
        for part in (*self._bars, *self._pages):
            part.close()
        super().closeEvent(event)

    def _tick(self) -> None:
        self._turned += 1
        if not self.paused and self._turned >= PAGE_SECONDS:
            self.turn(1)
        self.update()

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        settings = self._console.settings
        self._unit = smallest_type(
            self.height(), self.width(), settings.screen_diagonal_inches, settings.viewing_distance_metres
        )
        unit = self._unit
        tokens = current().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(tokens.base))
        edge, gap = unit * 0.45, unit * 0.45
        head = QRectF(0, 0, self.width(), unit * 2.1)
        self._head(painter, head)
        room = QRectF(
            edge, head.bottom() + gap, self.width() - 2 * edge, self.height() - head.bottom() - gap - unit * 1.5
        )
        top = room.top()
        bars = [bar for bar in self._bars if bar.wanted]
        high = unit * (BAR if len(bars) < 2 else LOW_BAR)
        for bar in bars:
            bar.draw(painter, QRectF(room.left(), top, room.width(), high), unit)
            top += high + gap / len(bars)
        top += gap - gap / max(1, len(bars))
        self._pages[self.page].draw(painter, QRectF(room.left(), top, room.width(), room.bottom() - top), unit)
        self._dots(painter)

    def _stale(self) -> bool:
        return self._console.quality() in {Quality.STALE, Quality.DISCONNECTED}

    def _head(self, painter: QPainter, box: QRectF) -> None:
        tokens, unit, console = current().tokens, self._unit, self._console
        painter.save()
        painter.setClipRect(QRectF(0, 0, unit * 0.95, box.height()))
        painter.setPen(QPen(QColor(tokens.text2), unit * 0.1))
        step = unit * 0.28
        for n in range(round((box.height() + unit) / step) + 1):
            x = -box.height() + n * step
            painter.drawLine(QPointF(x, box.height()), QPointF(x + box.height(), 0))
        painter.restore()
        painter.fillRect(QRectF(0, box.bottom() - 2, box.width(), 2), QColor(tokens.line))
        inner = box.adjusted(unit * 1.45, 0, -unit * 1.3, 0)
        clock = f"{console.clock.now():%H:%M:%S}"
        right = inner.right()
        for text, weight, colour, space in ((" UTC", 400, tokens.text2, 0.0), (clock, 600, tokens.text, 0.8)):
            font = wall_font(unit, weight)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            width = QFontMetricsF(font).horizontalAdvance(text)
            painter.drawText(QRectF(right - width, box.top(), width, box.height()), RIGHT, text)
            right -= width + unit * space
        words, inverse = self._link_words()
        font = wall_font(unit, 600 if inverse else 400)
        width = QFontMetricsF(font).horizontalAdvance(words) + (unit * 0.8 if inverse else 0)
        place = QRectF(right - width, box.top() + box.height() * 0.14, width, box.height() * 0.72)
        if inverse:
            painter.fillRect(place, QColor(tokens.text2))
        painter.setFont(font)
        painter.setPen(QColor(tokens.base if inverse else tokens.text2))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
        room = place.left() - inner.left() - unit * 0.5
        font = wall_font(unit, 600)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        name = QFontMetricsF(font).elidedText(console.environment or "opsconsole", Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(inner.left(), box.top(), room, box.height()), LEFT, name)

    def _link_words(self) -> tuple[str, bool]:
        console = self._console
        if console.time.as_of is not None:
            return f"As of {console.time.as_of:%Y-%m-%d %H:%M} UTC", True
        figures = console.figures
        elapsed = console.figures_elapsed()
        if figures is None:
            return "No data yet", True
        age = elapsed if elapsed is not None else max(0.0, console.clock.now().timestamp() - figures.received_at)
        if console.link.state is LinkState.DOWN:
            return f"Link lost · {long_age_words(age)} old", True
        if self._stale():
            return f"Stale · {long_age_words(age)} old", True
        return "Link up", False

    def _dots(self, painter: QPainter) -> None:
        tokens, unit = current().tokens, self._unit
        x = self.width() / 2 - (len(self._pages) - 1) * unit * 0.4
        y = self.height() - unit * 0.75
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(len(self._pages)):
            painter.setBrush(QColor(tokens.text if number == self.page else tokens.line))
            painter.drawEllipse(QPointF(x + number * unit * 0.8, y), unit * 0.18, unit * 0.18)
        if self.paused:
            painter.setFont(wall_font(unit))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(QRectF(0, y - unit * 0.8, self.width() - unit, unit * 1.6), RIGHT, "paused")
