"""The calendar: a line for each schedule, layer and override over weeks, with a cursor for the keyboard."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip

from app.oncall.calendar import Bar, Calendar, Row
from app.oncall.wording import bar_words
from app.oncall.zones import Day, days_of, local
from views.kit.theme import current, mixed
from views.oncall import calendar_paint as paint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LABEL = 168
LEAST_DAY = 14
KEY = Qt.Key


class CalendarView(QAbstractScrollArea):
    """Rows over days. Arrows go from bar to bar, Enter or a double click opens one."""

    moved = Signal()
    """The cursor is on another bar."""
    opened = Signal()

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.calendar = Calendar()
        self.zone = "UTC"
        self.days: tuple[Day, ...] = days_of("UTC", date(2000, 1, 3), 14)
        self._others: tuple[str, ...] = ()
        self._cursor: tuple[int, datetime] | None = None
        """A row, and when the bar there begins."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Calendar of rosters")
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().valueChanged.connect(self.viewport().update)
        current().changed.connect(self._spread)

    def show_calendar(self, calendar: Calendar, days: tuple[Day, ...], zone: str, others: Sequence[str]) -> None:
        """Draw this; the cursor stays on its bar while there is one."""
        chosen = self.chosen
        self.calendar, self.days, self.zone, self._others = calendar, days, zone, tuple(others)
        if chosen is not None:
            row, bar = chosen
            self._cursor = self._find(row, bar)
        self._spread()
        self._describe()
        self.viewport().update()

    # --- geometry ----------------------------------------------------------------------------------------------

    @property
    def scale(self) -> paint.Scale:
        """Instants and pixels."""
        left = current().px(LABEL)
        width = max(self.viewport().width() - left, current().px(LEAST_DAY) * len(self.days))
        return paint.Scale(left, width, self.days[0].start, self.days[-1].end)

    def _tops(self) -> list[tuple[Row, float, float]]:
        """Rows with their top, from the top of what is seen, and their height."""
        px, found = current().px, []
        top = float(px(paint.HEAD) - self.verticalScrollBar().value())
        for row in self.calendar.rows:
            high = px(paint.TEAM if row.kind is None else paint.ROW)
            found.append((row, top, float(high)))
            top += high
        return found

    @property
    def rows_height(self) -> int:
        """Pixels of all rows with the head."""
        px = current().px
        return px(paint.HEAD) + sum(px(paint.TEAM if row.kind is None else paint.ROW) for row in self.calendar.rows)

    def _spread(self) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.rows_height - room))
        bar.setPageStep(room)
        bar.setSingleStep(current().px(paint.ROW))
        self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(900), current().px(420))

    def minimumSizeHint(self) -> QSize:
        px = current().px
        return QSize(px(LABEL) + px(LEAST_DAY) * 14 + px(16), px(paint.HEAD + 3 * paint.ROW))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._spread()

    def _bar_box(self, row: Row, bar: Bar, top: float, high: float) -> QRectF:
        tall = current().px(paint.ON_BAR if row.kind is not None and row.kind.value == "on" else paint.LAYER_BAR)
        return self.scale.box(bar, top + (high - tall) / 2, tall)

    def _at(self, point: QPointF) -> tuple[int, Bar] | None:
        if point.y() < current().px(paint.HEAD):
            return None
        for number, (row, top, high) in enumerate(self._tops()):
            if top <= point.y() < top + high:
                found = [bar for bar in row.bars if self._bar_box(row, bar, top, high).contains(point)]
                return (number, found[-1]) if found else None
        return None

    # --- cursor ------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[Row, Bar] | None:
        """The row and the bar under the cursor."""
        if self._cursor is None or self._cursor[0] >= len(self.calendar.rows):
            return None
        row = self.calendar.rows[self._cursor[0]]
        found = [bar for bar in row.bars if bar.start == self._cursor[1]]
        return (row, found[-1]) if found else None

    def choose(self, row: int, bar: Bar) -> None:
        """Put the cursor on a bar."""
        self._cursor = (row, bar.start)
        self._reveal()
        self._describe()
        self.moved.emit()
        self.viewport().update()

    def _find(self, row: Row, bar: Bar) -> tuple[int, datetime] | None:
        for number, known in enumerate(self.calendar.rows):
            if (known.schedule_id, known.title, known.kind) == (row.schedule_id, row.title, row.kind):
                there = [each for each in known.bars if each.end > bar.start]
                return (number, there[0].start) if there else None
        return None

    def _reveal(self) -> None:
        if self._cursor is None:
            return
        _, top, high = self._tops()[self._cursor[0]]
        bar, head = self.verticalScrollBar(), current().px(paint.HEAD)
        if top < head:
            bar.setValue(bar.value() - round(head - top))
        elif top + high > self.viewport().height():
            bar.setValue(bar.value() + round(top + high - self.viewport().height()))

    def _describe(self) -> None:
        chosen = self.chosen
        words = f"{len(self.calendar.rows)} rows"
        if chosen is not None:
            row, bar = chosen
            words = f"{row.title}: {bar_words(bar, self.calendar.names, self.zone)}"
        self.setAccessibleDescription(words)

    def _step(self, rows: int, bars: int) -> None:
        """Go to another bar of the row, or to the one beside in another row."""
        with_bars = [number for number, row in enumerate(self.calendar.rows) if row.bars]
        if not with_bars:
            return
        chosen = self.chosen
        if chosen is None or self._cursor is None:
            row = self.calendar.rows[with_bars[0]]
            now = self._now()
            self.choose(with_bars[0], next((bar for bar in row.bars if bar.end > now), row.bars[-1]))
            return
        row, bar = chosen
        if rows:
            place = with_bars.index(self._cursor[0]) + rows
            if 0 <= place < len(with_bars):
                bars_there = self.calendar.rows[with_bars[place]].bars
                self.choose(with_bars[place], min(bars_there, key=lambda each: _distance(each, bar.start)))
            return
        place = row.bars.index(bar) + bars
        if 0 <= place < len(row.bars):
            self.choose(self._cursor[0], row.bars[place])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {KEY.Key_Up: (-1, 0), KEY.Key_Down: (1, 0), KEY.Key_Left: (0, -1), KEY.Key_Right: (0, 1)}
        key = Qt.Key(event.key())
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif key in steps:
            self._step(*steps[key])
        elif key in {KEY.Key_Return, KEY.Key_Enter} and self.chosen is not None:
            self.opened.emit()
        elif key in {KEY.Key_Home, KEY.Key_End} and self._cursor is not None and self.chosen is not None:
            bars = self.chosen[0].bars
            self.choose(self._cursor[0], bars[0 if key == KEY.Key_Home else -1])
        else:
            super().keyPressEvent(event)

    # --- pointer -----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and found is not None:
            self.choose(*found)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._at(event.position()) is not None and self.chosen is not None:
            self.opened.emit()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self._at(QPointF(event.pos()))
            words = bar_words(found[1], self.calendar.names, self.zone) if found is not None else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().viewportEvent(event)

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, scale, now = current().tokens, self.scale, self._now()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(tokens.window))
        head, bottom = float(current().px(paint.HEAD)), float(self.viewport().height())
        tops = self._tops()
        end = min(bottom, tops[-1][1] + tops[-1][2]) if tops else head
        painter.setClipRect(QRectF(0, head, self.viewport().width(), bottom - head))
        paint.draw_columns(painter, scale, self.days, head, end)
        seen = [each for each in tops if each[1] + each[2] > head and each[1] < bottom]
        for row, top, high in seen:
            line = mixed(tokens.line, tokens.window, 0.35)
            painter.fillRect(QRectF(0, top + high - 1, self.viewport().width(), 1), line)
            for bar in row.bars:
                paint.draw_shape(painter, bar, self._bar_box(row, bar, top, high))
        paint.draw_now(painter, scale, now, head, end)
        for row, top, high in seen:
            if row.kind is None:
                paint.draw_heading(painter, row, QRectF(0, top, self.viewport().width(), high), scale.left)
            else:
                self._draw_words(painter, row, top, high)
        painter.setClipping(False)
        paint.draw_now(painter, scale, now, 0, head)
        paint.draw_head(painter, scale, self.days, self.zone, self._others, now)
        painter.fillRect(QRectF(0, head - 1, self.viewport().width(), 1), QColor(tokens.line))

    def _draw_words(self, painter: QPainter, row: Row, top: float, high: float) -> None:
        scale, chosen = self.scale, self.chosen
        paint.draw_title(painter, row, QRectF(0, top, scale.left, high))
        for place, bar in enumerate(row.bars):
            after, before = row.bars[place + 1 :], row.bars[:place]
            room = (
                scale.x(before[-1].end) if before else scale.left,
                scale.x(after[0].start) if after else scale.left + scale.width,
            )
            box = self._bar_box(row, bar, top, high)
            paint.draw_words(painter, bar, box, self.calendar.names, self.zone, room=room)
        if chosen is not None and chosen[0] is row and self.hasFocus():
            paint.draw_cursor(painter, self._bar_box(row, chosen[1], top, high))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()


def _distance(bar: Bar, at: datetime) -> timedelta:
    """How far a bar is from an instant; none when it holds it."""
    if bar.start <= at < bar.end:
        return timedelta()
    return min(abs(bar.start - at), abs(bar.end - at))


def window_days(zone: str, now: datetime, first_week: int, weeks: int) -> tuple[Day, ...]:
    """The days of whole weeks of a zone, from this one or another on."""
    today = local(now.astimezone(UTC), zone).date()
    monday = today - timedelta(days=today.weekday())
    return days_of(zone, monday + timedelta(weeks=first_week), 7 * weeks)
