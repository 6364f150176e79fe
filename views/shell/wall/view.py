"""The wall display: bars above, pages that turn, both from the capabilities; type sized by screen and distance.

Capital letters are at least 0.00465 x the viewing distance high. No write action, no focus, no chrome.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
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

from app.core.freshness import Quality, age_words, long_age_words
from app.core.link import LinkState
from views.capabilities import CAPABILITIES
from views.kit.theme import current
from views.kit.wall import LEFT, RIGHT, wall_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from views.kit.capability import WallPage, WallPageSpec

CAPITAL_PER_DISTANCE = 0.00465
CAPITAL_PER_SIZE = 0.727
"""Height of a capital letter of Inter as a share of its pixel size."""
PAGE_SECONDS = 15
HEAD_HIGH, FOOT_HIGH = 1.8, 1.0
"""In units of the smallest type."""
MM_PER_INCH = 25.4
BAR, LOW_BAR = 2.8, 1.9
"""Height of a bar above the pages, and of each where there are several: the pages need their room."""


def smallest_type(height_px: int, width_px: int, diagonal_inches: float, distance_metres: float) -> float:
    """Pixel size of the smallest type, so that it is read from that far; what the screen can hold at most."""
    ratio = width_px / max(1, height_px)
    height_mm = diagonal_inches * MM_PER_INCH / math.hypot(ratio, 1)
    wanted = distance_metres * 1000 * CAPITAL_PER_DISTANCE / CAPITAL_PER_SIZE * height_px / height_mm
    return min(max(wanted, height_px / 60), height_px / 20, width_px / 34)


def page_specs(wanted: Sequence[str] = ()) -> list[WallPageSpec]:
    """The pages with these ids, in this order; without any that is known, all, as the capabilities have them."""
    known = {spec.id: spec for each in CAPABILITIES for spec in each.wall_pages}
    return [known[each] for each in wanted if each in known] or list(known.values())


class WallView(QWidget):
    """Rotates through its pages; Space pauses, arrows turn pages, Esc or F11 leaves."""

    left = Signal()
    """Somebody has left it with Esc or F11: the walls on other screens were opened with it."""

    def __init__(self, console: Console, pages: Sequence[str] = ()) -> None:
        """``pages`` are the ids of those it shows, in their order; none: all."""
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
        self.specs = page_specs(pages)
        self._pages: list[WallPage] = [spec.make(console) for spec in self.specs]
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._second.start()
        console.figures_changed.connect(self.repaint_soon)
        console.time.changed.connect(self.repaint_soon)

    def repaint_soon(self) -> None:
        """Figures have arrived, or another time is looked at."""
        self.update()

    def turn(self, step: int) -> None:
        """Another page; those that have nothing to show are passed over."""
        for _ in self._pages:
            self.page = (self.page + step) % len(self._pages)
            if self._pages[self.page].wanted:
                break
        self._turned = 0
        self.update()

    def show_page(self, page_id: str) -> None:
        """Show a page. Raises StopIteration for one it does not have."""
        self.page = next(n for n, spec in enumerate(self.specs) if spec.id == page_id)
        self._turned = 0
        self.update()

    @property
    def wanted_pages(self) -> list[str]:
        """Ids of the pages that have something to show."""
        return [spec.id for spec, page in zip(self.specs, self._pages, strict=True) if page.wanted]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_F11:
                self.left.emit()
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

    @property
    def _shown(self) -> WallPage:
        if not self._pages[self.page].wanted:  # what it was about is gone, or has not been heard of yet
            self.turn(1)
        return self._pages[self.page]

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
        head = QRectF(0, 0, self.width(), unit * HEAD_HIGH)
        self._head(painter, head)
        room = QRectF(
            edge, head.bottom() + gap, self.width() - 2 * edge, self.height() - head.bottom() - gap - unit * FOOT_HIGH
        )
        top = room.top()
        bars = [bar for bar in self._bars if bar.wanted]
        high = unit * (BAR if len(bars) < 2 else LOW_BAR)
        for bar in bars:
            bar.draw(painter, QRectF(room.left(), top, room.width(), high), unit)
            top += high + gap / len(bars)
        top += gap - gap / max(1, len(bars))
        self._shown.draw(painter, QRectF(room.left(), top, room.width(), room.bottom() - top), unit)
        self._dots(painter)

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
        environment, title = console.environment or "opsconsole", self._shown.title
        name = QFontMetricsF(font).elidedText(title or environment, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(inner.left(), box.top(), room, box.height()), LEFT, name)
        taken = QFontMetricsF(font).horizontalAdvance(name) + unit * 0.6
        font = wall_font(unit)
        if title and QFontMetricsF(font).horizontalAdvance(environment) <= room - taken:
            painter.setFont(font)
            painter.setPen(QColor(tokens.text2))
            painter.drawText(QRectF(inner.left() + taken, box.top(), room - taken, box.height()), LEFT, environment)

    def _link_words(self) -> tuple[str, bool]:
        console = self._console
        if console.time.as_of is not None:
            return f"As of {console.time.as_of:%Y-%m-%d %H:%M} UTC", True
        age, quality = self._shown.age, self._shown.quality
        if age is None:
            return "No data yet", True
        if console.link.state is LinkState.DOWN:
            return f"Link lost · {long_age_words(age)} old", True
        if quality in {Quality.STALE, Quality.DISCONNECTED}:
            return f"Stale · {long_age_words(age)} old", True
        return f"Link up, data {age_words(age)} old", False

    def _dots(self, painter: QPainter) -> None:
        tokens, unit = current().tokens, self._unit
        shown = [number for number, page in enumerate(self._pages) if page.wanted]
        x = self.width() / 2 - (len(shown) - 1) * unit * 0.4
        y = self.height() - unit * FOOT_HIGH / 2
        painter.setPen(Qt.PenStyle.NoPen)
        for place, number in enumerate(shown if len(shown) > 1 else ()):
            painter.setBrush(QColor(tokens.text if number == self.page else tokens.line))
            painter.drawEllipse(QPointF(x + place * unit * 0.8, y), unit * 0.18, unit * 0.18)
        if self.paused:
            painter.setFont(wall_font(unit))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(QRectF(0, y - unit * 0.8, self.width() - unit, unit * 1.6), RIGHT, "paused")
