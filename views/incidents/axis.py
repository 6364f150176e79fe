"""Lanes and charts of an incident under one time axis: an instant is one vertical line through everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from models.incidents import CLOSED
from models.incidents.timeline import TimelineKind
from views.incidents.axis_charts import draw_chart
from views.incidents.axis_data import MARKS_MOST, Band, Curve, LaneMarks, happened, is_over, stepped, ticks
from views.incidents.glyphs import draw_glyph
from views.incidents.wording import HUES, LANES, STATES, entry_text, entry_words
from views.kit.theme import current, mixed
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.incidents import IncidentRecord
    from models.incidents.timeline import TimelineEntry
    from views.incidents.desk import Desk

LEFT, RIGHT, LANE, FOOT, TOP = 104, 148, 27, 26, 6
"""Pixels left and right of the plot, of a lane and below, at 100 % font."""
NEAR = 7
"""So close, in pixels, the pointer is on an entry."""
DRAG_LEAST = 4
STATUS_LANE, ALARM_LANE = 0, 1


class Axis(QWidget):
    """Draws what it is given; the wheel zooms, dragging and Shift with the wheel move, keys do both."""

    opened = Signal()
    """Enter: the incident is to be shown."""

    def __init__(self, desk: Desk, *, charts: bool = True) -> None:
        super().__init__()
        self._desk, self._with_charts = desk, charts
        self._incident: IncidentRecord | None = None
        self.lanes: tuple[LaneMarks, ...] = tuple(LaneMarks() for _ in LANES)
        self._stages: Sequence[Band] = ()
        self._burning: Sequence[Band] = ()
        self._density: Sequence[Sequence[tuple[float, float, int]]] = ()
        self.curves: Sequence[Curve] = ()
        self._dragged: tuple[float, float] | None = None
        self._moved = False
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        desk.cursor_moved.connect(self._cursor_moved)
        desk.range_changed.connect(self.update)
        current().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        theme = current()
        high = theme.px(TOP + LANE * len(LANES) + FOOT)
        return QSize(theme.px(640), high + (theme.px(3 * 150) if self._with_charts else 0))

    def minimumSizeHint(self) -> QSize:
        theme = current()
        return QSize(theme.px(LEFT + RIGHT + 160), theme.px(TOP + LANE * len(LANES) + FOOT))

    # --- what the owner says -----------------------------------------------------------------------------------------

    def show_incident(
        self,
        incident: IncidentRecord | None,
        lanes: tuple[LaneMarks, ...],
        stages: Sequence[Band],
        burning: Sequence[Band],
    ) -> None:
        """Draw this incident."""
        self._incident, self.lanes = incident, lanes
        self._stages, self._burning = stages, burning
        self._describe()
        self.update()

    def show_density(self, density: Sequence[Sequence[tuple[float, float, int]]]) -> None:
        """How many entries there are where none is loaded."""
        self._density = density
        self.update()

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Draw these charts below the lanes."""
        self.curves = curves
        self.update()

    # --- places ------------------------------------------------------------------------------------------------------

    def plot(self) -> QRectF:
        """Lanes and charts, without what stands at their sides."""
        theme = current()
        return QRectF(self.rect()).adjusted(theme.px(LEFT), theme.px(TOP), -theme.px(RIGHT), -theme.px(FOOT))

    def x_of(self, at: float) -> float:
        """Where an instant stands."""
        plot, desk = self.plot(), self._desk
        return plot.left() + (at - desk.start) / max(1e-9, desk.end - desk.start) * plot.width()

    def _placing(self) -> Callable[[float], float]:
        """As ``x_of``, for very many instants of one picture."""
        plot, start = self.plot(), self._desk.start
        left, per_second = plot.left(), plot.width() / max(1e-9, self._desk.end - start)
        return lambda at: left + (at - start) * per_second

    def at_of(self, x: float) -> float:
        """The instant at a place."""
        plot, desk = self.plot(), self._desk
        return desk.start + (x - plot.left()) / max(1.0, plot.width()) * (desk.end - desk.start)

    @property
    def now_at(self) -> float:
        """The console's clock."""
        return self._desk.now

    @property
    def cursor_at(self) -> float | None:
        """The instant under the crosshair."""
        return self._desk.cursor

    def _lane_box(self, number: int) -> QRectF:
        plot, high = self.plot(), current().px(LANE)
        return QRectF(plot.left(), plot.top() + number * high, plot.width(), high)

    # --- drawing -----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.setFont(theme.font(9))
        if self._incident is None:
            painter.setPen(QColor(tokens.text2))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No incident is chosen.")
            self._focus(painter)
            return
        plot, desk = self.plot(), self._desk
        lanes_end = plot.top() + theme.px(LANE) * len(LANES)
        end = is_over(self._incident) or desk.now
        now_x = min(max(self.x_of(end), plot.left()), plot.right())
        painter.fillRect(QRectF(now_x, plot.top(), self.width() - now_x, plot.height()), QColor(tokens.ground))
        self._grid(painter, plot)
        for number, (name, _) in enumerate(LANES):
            self._lane(painter, number, name, now_x)
        if self._with_charts:
            self._charts(painter, lanes_end, plot, now_x)
        painter.setPen(QPen(QColor(tokens.text2), 1))
        painter.drawLine(QPointF(now_x, plot.top()), QPointF(now_x, plot.bottom()))
        self._crosshair(painter, plot)
        self._focus(painter)

    def _grid(self, painter: QPainter, plot: QRectF) -> None:
        theme, desk, tokens = current(), self._desk, current().tokens
        metrics = QFontMetricsF(theme.font(9))
        most = max(1, int(plot.width() / (metrics.horizontalAdvance("Wed 30") + theme.px(28))))
        painter.setFont(theme.font(9))
        base = plot.bottom() + metrics.ascent() + theme.px(6)
        for at, words in ticks(desk.start, desk.end, most):
            x = round(self.x_of(at))
            painter.setPen(mixed(tokens.line, tokens.window, 0.5))
            painter.drawLine(x, round(plot.top()), x, round(plot.bottom()))
            painter.setPen(QColor(tokens.text3))
            wide = metrics.horizontalAdvance(words)
            painter.drawText(QPointF(x - wide / 2, base), words)
        painter.drawText(QPointF(theme.px(12), base), "UTC")

    def _lane(self, painter: QPainter, number: int, name: str, now_x: float) -> None:
        theme, tokens, box = current(), current().tokens, self._lane_box(number)
        painter.setPen(mixed(tokens.line, tokens.window, 0.5))
        painter.drawLine(QPointF(theme.px(12), box.bottom()), QPointF(self.width() - theme.px(8), box.bottom()))
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        left = QRectF(theme.px(12), box.top(), theme.px(LEFT - 18), box.height())
        painter.drawText(left, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.save()
        painter.setClipRect(box)
        if number == STATUS_LANE:
            self._bands(painter, box)
        elif number == ALARM_LANE and self._burning:
            self._alarms(painter, box, now_x)
        else:
            self._marks(painter, number, box, now_x)
        painter.restore()
        self._line_end(painter, number, box, now_x)

    def _bands(self, painter: QPainter, box: QRectF) -> None:
        theme, tokens, incident = current(), current().tokens, self._incident
        metrics = QFontMetricsF(theme.font(9, 600))
        now = self._desk.now
        for number, band in enumerate(self._stages):
            left, right = self.x_of(band.start), self.x_of(band.end if band.end is not None else now)
            if right < box.left() or left > box.right():
                continue
            place = QRectF(left, box.top() + 5, max(2.0, right - left - 2), box.height() - 10)
            last = number == len(self._stages) - 1 and incident is not None and incident.status not in CLOSED
            hue = tokens.status(HUES[incident.severity]) if incident is not None and last else tokens.hover
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(hue))
            painter.drawRoundedRect(place, 3, 3)
            room = QRectF(
                max(place.left(), box.left()),
                place.top(),
                place.right() - max(place.left(), box.left()),
                place.height(),
            )
            if metrics.horizontalAdvance(band.words) + theme.px(12) < room.width():
                painter.setFont(theme.font(9, 600 if last else 400))
                painter.setPen(QColor(tokens.ink_on(hue) if last else tokens.text))
                painter.drawText(room.adjusted(theme.px(6), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, band.words)

    def _alarms(self, painter: QPainter, box: QRectF, now_x: float) -> None:
        """Bars from when an alarm was raised to when it was cleared, with its name where there is room beside it.

        Of those that would lie upon each other the first is drawn: a flood is one bar.
        """
        theme, tokens, place = current(), current().tokens, self._placing()
        size, y, before, free = theme.px(11), box.center().y(), -1e9, box.left()
        seen: list[tuple[float, float, Band]] = []
        for band in self._burning:
            left, right = place(band.start), place(band.end) if band.end is not None else now_x
            if right < box.left() or left > box.right() or left - before < size * 0.8:
                continue
            before = left
            seen.append((max(left, box.left() + size), max(left, right), band))
        for number, (left, right, band) in enumerate(seen[:MARKS_MOST]):
            hue = tokens.status(band.severity)
            painter.setPen(QPen(QColor(hue), 2))
            painter.drawLine(QPointF(left, y), QPointF(right, y))
            mark(painter, band.severity, QPointF(left, y), size, hue, filled=band.end is None)
            following = seen[number + 1][0] - size if number + 1 < len(seen) else now_x
            ahead, behind = following - right - theme.px(8), left - size - free
            free = right
            if max(ahead, behind) > theme.px(40):
                start, room = (right + theme.px(8), ahead) if ahead >= behind else (left - size - behind, behind)
                side = Qt.AlignmentFlag.AlignLeft if ahead >= behind else Qt.AlignmentFlag.AlignRight
                painter.setFont(theme.font(9))
                painter.setPen(QColor(tokens.text2))
                words = QFontMetricsF(painter.font()).elidedText(band.words, Qt.TextElideMode.ElideRight, room)
                painter.drawText(
                    QRectF(start, box.top(), room, box.height()), Qt.AlignmentFlag.AlignVCenter | side, words
                )

    def _marks(self, painter: QPainter, number: int, box: QRectF, now_x: float) -> None:
        theme, tokens, lane, desk = current(), current().tokens, self.lanes[number], self._desk
        if self._density:
            self._bars(painter, self._density[number], box)
        found = lane.within(desk.start, desk.end)
        if len(found) > MARKS_MOST:
            self._bars(painter, self._binned(lane, found, box), box)
            return
        metrics, size, place = QFontMetricsF(theme.font(9)), theme.px(11), self._placing()
        places = [place(lane.instants[n]) for n in found]
        before = -1e9
        painter.setFont(theme.font(9))
        for index, n in enumerate(found):
            x, entry = places[index], lane.entries[n]
            if x - before < size * 0.8 and index:  # it would lie upon the one before
                continue
            before = x
            draw_glyph(painter, entry, QPointF(x, box.center().y()), size)
            following = next((p for p in places[index + 1 :] if p - x >= size * 0.8), now_x + size)
            left = x + size / 2 + theme.px(5)
            room = following - size / 2 - theme.px(6) - left
            if room >= theme.px(44 if entry.kind is not TimelineKind.UPDATE else 12):
                words = metrics.elidedText(_short(entry), Qt.TextElideMode.ElideRight, min(room, theme.px(170)))
                painter.setPen(QColor(tokens.text2))
                painter.drawText(QRectF(left, box.top(), room, box.height()), Qt.AlignmentFlag.AlignVCenter, words)
                before = left + min(metrics.horizontalAdvance(words), room) - size * 0.4

    def _binned(self, lane: LaneMarks, found: range, box: QRectF) -> list[tuple[float, float, int]]:
        count = max(1, int(box.width() / 4))
        long = (self._desk.end - self._desk.start) / count
        bins: dict[int, int] = {}
        for n in found:
            place = int((lane.instants[n] - self._desk.start) / long)
            bins[place] = bins.get(place, 0) + 1
        start = self._desk.start
        return [(start + n * long, start + (n + 1) * long, many) for n, many in sorted(bins.items())]

    def _bars(self, painter: QPainter, bars: Sequence[tuple[float, float, int]], box: QRectF) -> None:
        top, place = max((many for *_, many in bars), default=1), self._placing()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current().tokens.previous))
        for start, end, many in bars:
            left, right = place(start), place(end)
            high = max(2.0, (box.height() - 8) * many / top)
            painter.drawRect(QRectF(left, box.bottom() - 4 - high, max(1.5, right - left - 1), high))

    def _line_end(self, painter: QPainter, number: int, box: QRectF, now_x: float) -> None:
        """What holds now, right of the lane."""
        theme, tokens, incident = current(), current().tokens, self._incident
        words, colour, weight = "", tokens.text, 600
        if incident is None:
            return
        if number == STATUS_LANE:
            words = f"{incident.severity}, {STATES[incident.status].lower()}"
        elif number == ALARM_LANE:
            burning = [band for band in self._burning if band.end is None]
            words = f"{len(burning)} burning" if burning else "none burns"
            weight, colour = (600, tokens.text) if burning else (400, tokens.text3)
        elif self.lanes[number].entries:
            words, weight, colour = str(len(self.lanes[number].entries)), 400, tokens.text3
        left = max(now_x, box.right()) + theme.px(8)
        place = QRectF(left, box.top(), self.width() - left - theme.px(4), box.height())
        painter.setFont(theme.font(9, weight))
        painter.setPen(QColor(colour))
        words = QFontMetricsF(painter.font()).elidedText(words, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)

    def _charts(self, painter: QPainter, top: float, plot: QRectF, now_x: float) -> None:
        room = plot.bottom() - top
        least = current().px(84)
        shown = self.curves[: max(0, int(room // least))]
        if not shown:
            return
        high = room / len(shown)
        for number, curve in enumerate(shown):
            box = QRectF(plot.left(), top + number * high, plot.width(), high)
            draw_chart(painter, curve, box, self, now_x)

    def _crosshair(self, painter: QPainter, plot: QRectF) -> None:
        at, theme, tokens = self._desk.cursor, current(), current().tokens
        if at is None or not self._desk.start <= at <= self._desk.end:
            return
        x = self.x_of(at)
        painter.setPen(QPen(QColor(tokens.accent), 1))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        words = f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"
        font = theme.font(9, 600)
        wide = QFontMetricsF(font).horizontalAdvance(words) + theme.px(12)
        tag = QRectF(min(max(x - wide / 2, 0), self.width() - wide), plot.bottom() + 2, wide, theme.px(FOOT - 6))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent))
        painter.drawRoundedRect(tag, 3, 3)
        painter.setFont(font)
        painter.setPen(QColor(tokens.ink_on(tokens.accent)))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, words)

    def _focus(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(current().tokens.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    # --- pointer and keys --------------------------------------------------------------------------------------------

    def _cursor_moved(self, _at: object) -> None:
        self._describe()
        self.update()

    def _describe(self) -> None:
        at, incident = self._desk.cursor, self._incident
        if incident is None:
            self.setAccessibleDescription("No incident is chosen")
            return
        if at is None:
            counts = ", ".join(f"{name} {len(lane.entries)}" for (name, _), lane in zip(LANES, self.lanes, strict=True))
            self.setAccessibleDescription(f"{incident.reference}: {counts}. Left and Right go from entry to entry.")
            return
        self.setAccessibleDescription("; ".join(self.words_at(at)))

    def words_at(self, at: float) -> list[str]:
        """The instant, what happened across the system around it, and what the charts say."""
        near = (self._desk.end - self._desk.start) * 0.012
        words = [f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"]
        words += [f"{entry.occurred_at:%H:%M:%S} {entry_text(entry)}" for entry in happened(self.lanes, at, near)]
        words += [f"{curve.title}: {curve.words(curve.at(at))}" for curve in self.curves]
        return words

    def entry_at(self, position: QPointF) -> TimelineEntry | None:
        """The entry under the pointer."""
        number = int((position.y() - self.plot().top()) // current().px(LANE))
        if not 0 <= number < len(LANES):
            return None
        within = current().px(NEAR) / max(1.0, self.plot().width()) * (self._desk.end - self._desk.start)
        return self.lanes[number].nearest(self.at_of(position.x()), within)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None and event.buttons() & Qt.MouseButton.LeftButton:
            by = (self._dragged[0] - event.position().x()) / max(1.0, self.plot().width())
            if self._moved or abs(event.position().x() - self._dragged[1]) >= DRAG_LEAST:
                self._moved = True
                self._dragged = (event.position().x(), self._dragged[1])
                self._desk.pan(by)
            return
        if not self.plot().contains(event.position()) or self._incident is None:
            self._desk.set_cursor(None)
            return
        at = self.at_of(event.position().x())
        self._desk.set_cursor(at)
        entry = self.entry_at(event.position())
        words = entry_words(entry) if entry is not None else "\n".join(self.words_at(at))
        QToolTip.showText(event.globalPosition().toPoint(), words, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragged, self._moved = (event.position().x(), event.position().x()), False

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None and not self._moved:
            entry = self.entry_at(event.position())
            if entry is not None:
                self._desk.choose_entry(entry)
        self._dragged = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.opened.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(turned.x()) > abs(turned.y()):
            self._desk.pan(-(turned.x() or turned.y()) / 1_200)
        else:
            self._desk.zoom(0.8 if turned.y() > 0 else 1.25, self.at_of(event.position().x()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._desk.set_cursor(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        desk, shifted = self._desk, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right if shifted:
                desk.pan(0.2 if event.key() == Qt.Key.Key_Right else -0.2)
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                self._step(1 if event.key() == Qt.Key.Key_Right else -1)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                desk.zoom(0.5)
            case Qt.Key.Key_Minus:
                desk.zoom(2.0)
            case Qt.Key.Key_0 | Qt.Key.Key_Home:
                desk.show_whole()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.opened.emit()
            case Qt.Key.Key_Escape if desk.cursor is not None:
                desk.set_cursor(None)
            case _:
                super().keyPressEvent(event)

    def _step(self, by: int) -> None:
        found = stepped(self.lanes, self._desk.cursor, by, self._desk.start if by > 0 else self._desk.end)
        if found is None:
            return
        at, entry = found
        if not self._desk.start <= at <= self._desk.end:
            self._desk.pan((at - (self._desk.start + self._desk.end) / 2) / (self._desk.end - self._desk.start))
        self._desk.set_cursor(at)
        self._desk.choose_entry(entry)


def _short(entry: TimelineEntry) -> str:
    """What stands beside its shape: of an update its number, its words are in the list."""
    if entry.action.endswith(".overdue"):
        return "overdue"
    if entry.kind is TimelineKind.UPDATE and entry.text.startswith("Update "):
        return entry.text.removeprefix("Update ").partition(":")[0]
    return entry_text(entry)
