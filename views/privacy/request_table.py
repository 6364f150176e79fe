"""Requests, two lines each: what and by which law, how far between receipt and dates, what holds it, whose it is."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen

from app.privacy.clock import ClockFace, Urgency, clock_face, days_words, left_words
from models.core.wording import initials
from models.privacy.requests import OPEN_STATES, PrivacyRequest, RequestState
from views.kit.painting import RIGHT, draw_ring, draw_words
from views.kit.theme import FOCUS, current, mixed
from views.kit.widgets.chip import mark
from views.kit.widgets.table import PAD, Column, RecordTable
from views.privacy.wording import LAWS, NONE, TYPES, date_of, day, is_stuck, state_words, waits_for_person

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

ROW = 36
"""Two lines, pixels at 100 % font."""


class Col(IntEnum):
    """Columns, from left to right."""

    MARK = 0
    REQUEST = 1
    CLOCK = 2
    LEGAL = 3
    INTERNAL = 4
    STATE = 5
    OWNER = 6


GIVE_WAY = (Col.OWNER, Col.INTERNAL, Col.CLOCK)
"""What is left out first where there is no room."""


def urgency_hue(urgency: Urgency) -> str:
    """The token a clock is drawn in."""
    tokens = current().tokens
    return {Urgency.LATE: tokens.p1, Urgency.NEAR: tokens.p2, Urgency.INTERNALLY_LATE: tokens.p3}.get(
        urgency, tokens.text2
    )


class RequestTable(RecordTable):
    """The list; ``moved`` follows the cursor."""

    moved = Signal(object)
    """Carries the id of the request at the cursor."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now, self._moving = now, False
        super().__init__(self._columns(), "Privacy requests")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # columns give way instead
        self.horizontalHeader().setMinimumSectionSize(16)
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    def _columns(self) -> tuple[Column, ...]:
        def column(number: int, title: str, width: int, *, right: bool = False, stretch: bool = False) -> Column:
            return Column(title, lambda row: self._words(row, number), width, right=right, stretch=stretch)

        return (
            column(Col.MARK, "", 28),
            column(Col.REQUEST, "Request and law", 124),
            column(Col.CLOCK, "To legal date", 108),
            column(Col.LEGAL, "Legal date, UTC", 104, right=True),
            column(Col.INTERNAL, "Internal", 76, right=True),
            column(Col.STATE, "State", 148, stretch=True),
            column(Col.OWNER, "Owner", 52, right=True),
        )

    def _words(self, row: PrivacyRequest, number: int) -> str:
        match number:
            case Col.MARK:
                return "failed" if is_stuck(row) else "waits for somebody" if waits_for_person(row) else ""
            case Col.REQUEST:
                return f"{row.reference}, {LAWS[row.jurisdiction]}, {TYPES[row.type]}"
            case Col.CLOCK:
                face = self._face(row)
                return f"day {face.day}, {face.urgency.value}"
            case Col.LEGAL:
                return ", ".join(self._legal(row))
            case Col.INTERNAL:
                return ", ".join(self._internal(row))
            case Col.STATE:
                return state_words(row)
            case _:
                return initials(row.owner_name or row.owner) if row.owner else NONE

    def _face(self, row: PrivacyRequest) -> ClockFace:
        return clock_face(row, self._now())

    def _legal(self, row: PrivacyRequest) -> tuple[str, str]:
        if row.status not in OPEN_STATES:
            return ("closed" if row.completed_at is not None else NONE), day(row.completed_at or row.due_at)
        return left_words(self._face(row).legal_left), day(row.due_at)

    def _internal(self, row: PrivacyRequest) -> tuple[str, str]:
        if row.status not in OPEN_STATES:
            return NONE, ""
        return days_words(self._face(row).internal_left), date_of(row.internal_at).rsplit(" ", 1)[0]

    # --- rows ------------------------------------------------------------------------------------------------------

    def renew(self, rows: Sequence[PrivacyRequest], wanted: str) -> None:
        """Show these with the cursor on one of them; where it stands in sight does not change."""
        self._moving = True
        bar, before = self.verticalScrollBar(), self.verticalScrollBar().value()
        if [row.request_id for row in rows] == [row.request_id for row in self.records.rows]:
            self.renew_rows(rows)
        else:
            self.set_rows(rows)
        place = next((n for n, row in enumerate(rows) if row.request_id == wanted), None)
        if place is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != place:
            self.setCurrentIndex(self.records.index(place, 0))
        bar.setValue(before)
        self._moving = False
        self.viewport().update()

    def _current_changed(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not self._moving and index.isValid():
            self.moved.emit(self.records.rows[index.row()].request_id)

    def step(self, step: int) -> None:
        """Put the cursor on the next one, or the one before."""
        rows = self.records.rowCount()
        if rows:
            place = min(max(self.currentIndex().row() + step, 0), rows - 1)
            self.setCurrentIndex(self.records.index(place, 0))
            self.scrollTo(self.records.index(place, 0))

    def restyle(self) -> None:
        super().restyle()
        theme = current()
        high = max(theme.px(ROW), round(theme.height(10) + theme.height(9)) + 6)
        self.verticalHeader().setMinimumSectionSize(high)
        self.verticalHeader().setDefaultSectionSize(high)

    # --- drawing ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self.viewport()), current().tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(tokens.window))
        selected = {index.row() for index in self.selectionModel().selectedRows()}
        for row in self._visible_rows(self.viewport().rect()):
            box = QRect(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))
            self._draw(painter, self.records.rows[row], box, chosen=row in selected, hovered=row == self.hovered)

    def _draw(self, painter: QPainter, row: PrivacyRequest, box: QRect, *, chosen: bool, hovered: bool) -> None:
        tokens = current().tokens
        if chosen or hovered:
            painter.fillRect(box, QColor(tokens.selection if chosen else tokens.hover))
        else:
            painter.fillRect(QRectF(box.left(), box.bottom(), box.width(), 1), QColor(tokens.hover))
        if chosen:
            painter.fillRect(box.left(), box.top(), FOCUS + 1, box.height(), QColor(tokens.accent))
        face, quiet = self._face(row), tokens.text if chosen else tokens.text2
        for number in Col:
            if self.isColumnHidden(number):
                continue
            left, wide = self.columnViewportPosition(number), self.columnWidth(number)
            place = QRectF(left + PAD, box.top(), wide - 2 * PAD, box.height())
            match number:
                case Col.MARK:
                    self._draw_mark(painter, row, QPointF(left + wide / 2 + 2, box.center().y() + 0.5), quiet)
                case Col.REQUEST:
                    head = f"{row.reference}, {LAWS[row.jurisdiction]}"
                    self._two_lines(painter, (head, TYPES[row.type]), place, strong=chosen, quiet=quiet)
                case Col.CLOCK:
                    under = tokens.selection if chosen else tokens.window
                    draw_clock(painter, face, place, under, stopped=row.paused)
                case Col.LEGAL:
                    urgent = face.urgency in {Urgency.NEAR, Urgency.LATE}
                    self._two_lines(painter, self._legal(row), place, strong=urgent, quiet=quiet, side=RIGHT)
                case Col.INTERNAL:
                    late = row.status in OPEN_STATES and face.internal_left.total_seconds() <= 0
                    self._two_lines(painter, self._internal(row), place, strong=late, quiet=quiet, side=RIGHT)
                case Col.STATE:
                    strong = waits_for_person(row)
                    ink = tokens.text if strong or chosen else tokens.text2
                    head, _, more = state_words(row).partition(": ")
                    if more:
                        self._two_lines(painter, (head, more), place, strong=strong, quiet=quiet)
                    else:
                        draw_words(painter, head, place, (10, 600 if strong else 400), ink)
                case _:
                    draw_words(painter, self._words(row, number), place, (10, 400), quiet, RIGHT)

    @staticmethod
    def _two_lines(
        painter: QPainter,
        lines: tuple[str, str],
        box: QRectF,
        *,
        strong: bool,
        quiet: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        theme = current()
        high, low = theme.height(10), theme.height(9)
        top = box.center().y() - (high + low) / 2
        draw_words(
            painter, lines[0], QRectF(box.left(), top, box.width(), high), (10, 600 if strong else 400), "", side
        )
        draw_words(painter, lines[1], QRectF(box.left(), top + high, box.width(), low), (9, 400), quiet, side)

    @staticmethod
    def _draw_mark(painter: QPainter, row: PrivacyRequest, centre: QPointF, quiet: str) -> None:
        theme, tokens = current(), current().tokens
        if is_stuck(row):
            mark(painter, "P2", centre, theme.px(11), tokens.p2, filled=True)
        elif row.status in {RequestState.DONE, RequestState.READY}:
            mark(painter, "good", centre, theme.px(10), quiet, filled=False)
        elif waits_for_person(row):
            draw_person(painter, centre, theme.px(11), quiet)
        elif row.status in {RequestState.RUNNING, RequestState.WAITING}:
            draw_arc(painter, centre, theme.px(9), quiet)
        else:
            draw_ring(painter, centre, theme.px(8), quiet)

    # --- widths ----------------------------------------------------------------------------------------------------

    def _spread(self) -> None:
        widths = self._widths()
        spare = self._leave_out(widths, GIVE_WAY)
        shares = {Col.STATE: 0.85, Col.CLOCK: 0.1, Col.REQUEST: 0.05}
        if self.isColumnHidden(Col.CLOCK):
            shares = {Col.STATE: 1.0}
        for number, width in enumerate(widths):
            self.setColumnWidth(number, width + round(spare * shares.get(Col(number), 0.0)))

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at: all of its words."""
        return self._words(self.records.rows[index.row()], index.column()) if index.isValid() else ""


def draw_clock(painter: QPainter, face: ClockFace, box: QRectF, under: str, *, stopped: bool) -> None:
    """A bar from receipt to the legal date, with a tick at the internal one; hatched while the clock stands still."""
    theme, tokens = current(), current().tokens
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    high = theme.px(5)
    bar = QRectF(box.left(), round(box.center().y() - high / 2), box.width() - 2, high)
    painter.fillRect(bar, mixed(tokens.control_border, under, 0.35))
    done = QRectF(bar.left(), bar.top(), round(bar.width() * face.passed), bar.height())
    hue = tokens.control_border if face.urgency is Urgency.CLOSED else urgency_hue(face.urgency)
    painter.fillRect(done, QColor(hue))
    if stopped:
        painter.fillRect(QRectF(done.right(), bar.top(), bar.right() - done.right(), bar.height()), theme.hatch(under))
    for share, tall in ((face.internal, 6), (1.0, 7)):
        at = round(bar.left() + bar.width() * share)
        painter.fillRect(QRectF(at - 2, bar.top() - 1, 5, high + 2), QColor(under))
        painter.fillRect(QRectF(at, bar.center().y() - theme.px(tall), 2, 2 * theme.px(tall)), QColor(tokens.text))
    painter.restore()


def draw_arc(painter: QPainter, centre: QPointF, size: float, ink: str) -> None:
    """Something is under way."""
    painter.setPen(QPen(QColor(ink), 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    box = QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)
    painter.drawArc(box, 30 * 16, 290 * 16)


def draw_person(painter: QPainter, centre: QPointF, size: float, ink: str) -> None:
    """Somebody has to do something."""
    painter.setPen(QPen(QColor(ink), 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(centre.x(), centre.y() - size * 0.22), size * 0.24, size * 0.24)
    shoulders = QRectF(centre.x() - size * 0.45, centre.y() + size * 0.1, size * 0.9, size * 0.8)
    painter.drawArc(shoulders, 20 * 16, 140 * 16)
