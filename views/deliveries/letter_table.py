"""The list of letters, each with a box to choose several."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from models.deliveries.letters import Letter, LetterState
from views.deliveries.wording import NONE, action_words, age, answer_words, given_up_words, letter_at, moment
from views.kit.theme import current
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

BOX, _WHEN, WHAT, _ABOUT, TRIES, ANSWER, AGE = range(7)
GIVE_WAY = (AGE, TRIES)
"""Columns that are left out one after the other where there is no room for all."""
TITLES = {LetterState.WAITING: "Due, UTC", LetterState.SENT: "Arrived, UTC", LetterState.DISCARDED: "Given up, UTC"}


class LetterTable(RecordTable):
    """Stays on its letter; boxes are only there where something can be done about several."""

    moved = Signal(object)
    """Carries the letter under the cursor, or ``None``."""
    chosen_changed = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        self._now = now
        self.chosen: set[str] = set()
        """Ids of those that are chosen for replay or to be given up."""
        self._moving, self._boxed = False, True
        super().__init__(self._columns(LetterState.DEAD), "Letters", parent)
        self.horizontalHeader().setMinimumSectionSize(16)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    def _columns(self, state: LetterState) -> tuple[Column, ...]:
        def when(letter: Letter) -> str:
            at = letter_at(letter)
            return NONE if at is None else moment(at, self._now())

        return (
            Column("", lambda letter: "chosen" if letter.id in self.chosen else "", 28),
            Column(TITLES.get(state, "Dead at, UTC"), when, 92, fits=True),
            Column("What", action_words, 120, stretch=True),
            Column("About", lambda letter: letter.about or letter.message_id[:12], 88, mono=True, fits=True),
            Column("Tries", lambda letter: str(letter.attempts), 44, right=True),
            Column("Given up by, and why", given_up_words, 150, stretch=True)
            if state is LetterState.DISCARDED
            else Column("Last answer", answer_words, 150, stretch=True),
            Column("Age", lambda letter: age(letter.first_at, self._now()), 60, right=True, quiet=True, fits=True),
        )

    def show_letters(self, letters: Sequence[Letter], state: LetterState) -> None:
        """Show these; cursor and boxes stay on those that are still there."""
        self._boxed = state is LetterState.DEAD
        if self.records.columns[1].title != TITLES.get(state, "Dead at, UTC"):
            self.records.columns = self._columns(state)
            self.records.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.records.columns) - 1)
            self.records.forget_texts()
        before = self.at_cursor
        self.chosen &= {letter.id for letter in letters if letter.state is LetterState.DEAD}
        self._moving = True
        self.renew_rows(letters)
        wanted = before.id if before is not None else ""
        place = next((n for n, letter in enumerate(letters) if letter.id == wanted), 0 if letters else -1)
        self.setCurrentIndex(self.records.index(place, 0) if place >= 0 else QModelIndex())
        self._moving = False
        self.viewport().update()
        self.moved.emit(self.at_cursor)

    @property
    def at_cursor(self) -> Letter | None:
        """The letter under the cursor."""
        row, rows = self.currentIndex().row(), self.records.rows
        return rows[row] if 0 <= row < len(rows) else None

    def _current_changed(self, _index: QModelIndex, _before: QModelIndex) -> None:
        if not self._moving:
            self.moved.emit(self.at_cursor)

    def toggle(self) -> None:
        """Choose the letter under the cursor, or no longer; only dead ones can be chosen."""
        letter = self.at_cursor
        if letter is not None and letter.state is LetterState.DEAD:
            self.choose(self.chosen ^ {letter.id})

    def choose(self, ids: set[str]) -> None:
        """Choose these."""
        self.chosen = ids
        self.records.forget_texts()
        self.viewport().update()
        self.chosen_changed.emit()

    def _spread(self) -> None:
        widths = self._widths()
        spare = self._leave_out(widths, GIVE_WAY)
        for number, width in enumerate(widths):
            share = {WHAT: spare // 3, ANSWER: spare - spare // 3}.get(number, 0)
            self.setColumnWidth(number, width + share)

    # --- drawing and keys --------------------------------------------------------------------------------------

    def _column(
        self,
        painter: QPainter,
        number: int,
        column: Column,
        box: QRectF,
        tops: dict[int, int],
        selected: set[int],
    ) -> None:
        if number != BOX:
            super()._column(painter, number, column, box, tops, selected)
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, top in tops.items():
            letter = self.records.rows[row]
            if self._boxed and letter.state is LetterState.DEAD:
                _draw_box(painter, box.translated(2, top).center(), on=letter.id in self.chosen)
            elif letter.state is LetterState.UNCERTAIN:
                painter.setFont(current().font(10, 600))
                painter.setPen(QColor(current().tokens.text))
                painter.drawText(box.translated(2, top), Qt.AlignmentFlag.AlignCenter, "?")
        painter.restore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == BOX and event.button() is Qt.MouseButton.LeftButton:
            self.toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_J: Qt.Key.Key_Down, Qt.Key.Key_K: Qt.Key.Key_Up}.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Space:
            self.toggle()
        elif event.key() == Qt.Key.Key_Escape and self.chosen:
            self.choose(set())
        elif step is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            super().keyPressEvent(QKeyEvent(event.type(), step, event.modifiers()))
        else:
            super().keyPressEvent(event)


def _draw_box(painter: QPainter, centre: QPointF, *, on: bool) -> None:
    theme, tokens = current(), current().tokens
    size = theme.px(13)
    box = QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)
    painter.setPen(QPen(QColor(tokens.accent if on else tokens.control_border), 1))
    painter.setBrush(QColor(tokens.accent if on else tokens.base))
    painter.drawRoundedRect(box, 3, 3)
    if on:
        painter.setPen(QPen(QColor(tokens.ink_on(tokens.accent)), theme.px(2)))
        x, y, half = centre.x(), centre.y(), size / 2 - 1
        corners = ((-0.55, 0.0), (-0.15, 0.45), (0.55, -0.4))
        painter.drawPolyline([QPointF(x + half * across, y + half * down) for across, down in corners])
