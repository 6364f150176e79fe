"""What each person carries: hours, nights, weekends, short rests and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.oncall.domain import VIEW, OnCall
from models.core.wording import initials
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import current, mixed
from views.kit.widgets.chip import mark
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from models.oncall.rosters import Load, PersonLoad
    from views.kit.capability import Window

MUCH_MORE = 1.5
"""Times the mean: who carries more is marked."""
BAR = 2
"""The column of bars."""


def _count(value: int) -> str:
    return str(value)


COLUMNS = (
    Column("", lambda one: initials(one.name), 36, person=lambda one: str(one.person)),
    Column("Person", lambda one: one.name, 160, weight=600),
    Column("On call", lambda _one: "", 150, stretch=True),
    Column("Hours", lambda one: f"{one.hours:,.0f}", 64, right=True, weight=600),
    Column("Nights", lambda one: _count(one.nights), 64, right=True),
    Column("Weekend days", lambda one: _count(one.weekend_days), 104, right=True),
    Column("Short rests", lambda one: _count(one.short_rests), 90, right=True),
    Column("Pages", lambda one: _count(one.pages), 60, right=True),
    Column("Woken", lambda one: _count(one.woken), 64, right=True),
    Column("Lives in", lambda one: one.zone, 160, quiet=True),
)


class LoadTable(RecordTable):
    """Rows with a bar of hours, a tick at the mean and one where it is much more."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, "Load per person")
        self.mean = 0.0

    def show_load(self, load: Load | None) -> None:
        """Show these people."""
        self.mean = load.mean_hours if load is not None else 0.0
        self.renew_rows(load.people if load is not None else ())
        self.viewport().update()

    def _column(
        self, painter: QPainter, number: int, column: Column, box: QRectF, tops: dict[int, int], selected: set[int]
    ) -> None:
        if number != BAR:
            super()._column(painter, number, column, box, tops, selected)
            return
        theme, tokens = current(), current().tokens
        people: list[PersonLoad] = list(self.records.rows)
        limit = self.mean * MUCH_MORE
        most = max([limit * 1.2, 1.0, *(each.hours for each in people)])
        size = theme.px(8)
        room = box.width() - size - 6
        for row, top in tops.items():
            hours, middle = people[row].hours, top + box.height() / 2
            over = hours > limit
            track = QRectF(box.left(), middle - 2, room, 4)
            painter.fillRect(track, mixed(tokens.line, tokens.window, 0.7))
            fill = QColor(tokens.p3 if over else tokens.text2)
            painter.fillRect(QRectF(track.left(), track.top(), room * hours / most, 4), fill)
            for at, ink in ((self.mean, tokens.text), (limit, tokens.control_border)):
                painter.fillRect(QRectF(track.left() + room * at / most, middle - 6, 1, 12), QColor(ink))
            if over:
                mark(painter, "P3", QPointF(box.right() - size / 2, middle), size, tokens.p3, filled=True)


class LoadPanel(QueryPanel):
    """The table."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._query = console.of(OnCall).load()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the load")
        self.table = LoadTable()
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        self.widget.setFocusProxy(self.table)
        self.use(self._query)

    def own_note(self) -> Note:
        """Over which weeks, and the mean."""
        note, sample = super().own_note(), self._query.sample
        if sample is None:
            return note
        last, load = sample.value.end, sample.value
        words = f"four weeks to {last.day} {last:%b}, mean {load.mean_hours:,.0f} h"
        if load.mean_hours:
            words += f", marked above {load.mean_hours * MUCH_MORE:,.0f} h"
        return Note(f"{words} · {note.text}", note.kind)

    def refresh(self) -> None:
        """Show the newest answer."""
        sample = self._query.sample
        self.table.show_load(sample.value if sample is not None else None)
        words = ""
        if sample is None:
            failed = self._query.error is not None
            words = f"Not loaded: {self._query.error}" if failed else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%a %H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not sample.value.people:
            words = "Nobody is on call in these weeks."
        self.state.setText(words)
        self.state.setVisible(bool(words))
