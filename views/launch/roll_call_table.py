"""The roll-call as a table: a role a row, the director below a rule."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from models.core.wording import initials
from models.launch.poll import Choice, RollCallVote
from views.kit.painting import RIGHT, draw_words
from views.kit.theme import FOCUS, ROW, current, mixed
from views.kit.widgets.avatar import draw_avatar
from views.kit.widgets.table import PAD, Column, RecordTable
from views.launch.painting import CHIP_HIGH, CHIP_WIDE, draw_vote
from views.launch.wording import SEVERITY, counts_for, is_void

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Col(IntEnum):
    """Columns, from left to right."""

    PERSON = 0
    ROLE = 1
    VOTE = 2
    BOUND = 3
    VOTED = 4
    EVIDENCE = 5


GIVE_WAY = (Col.BOUND, Col.VOTED)


class RollCallTable(RecordTable):
    """Drawn in the order in which roles are called."""

    def __init__(self, bound_words: Callable[[RollCallVote], str]) -> None:
        """``bound_words``: what a role's vote is bound to, or the reason it gave."""
        self._bound_words = bound_words
        self._asked = ""
        super().__init__(self._columns(), "Roll-call")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setMinimumSectionSize(16)

    def _columns(self) -> tuple[Column, ...]:
        def column(number: int, title: str, width: int, *, right: bool = False, stretch: bool = False) -> Column:
            return Column(title, lambda vote: self._words(vote, number), width, right=right, stretch=stretch)

        return (
            column(Col.PERSON, "", 38),
            column(Col.ROLE, "Role", 150),
            column(Col.VOTE, "Vote", CHIP_WIDE + 2 * PAD + 8),
            column(Col.BOUND, "Bound to, or why", 130, stretch=True),
            column(Col.VOTED, "Voted UTC", 80, right=True),
            column(Col.EVIDENCE, "Evidence", 126, right=True),
        )

    def _words(self, vote: RollCallVote, number: int) -> str:
        match number:
            case Col.PERSON:
                return vote.person_name or ""
            case Col.ROLE:
                return vote.name
            case Col.VOTE:
                return _vote_words(vote)
            case Col.BOUND:
                return self._bound_words(vote)
            case Col.VOTED:
                return f"{vote.at:%H:%M:%S}" if vote.at is not None else ""
            case _:
                return self._evidence_words(vote)

    def _evidence_words(self, vote: RollCallVote) -> str:
        if is_void(vote):
            return f"changed {vote.changed_at:%H:%M:%S}" if vote.changed_at is not None else "changed"
        if vote.choice is None:
            return "decides last" if vote.director else "called now" if vote.role == self._asked else ""
        return "unchanged" if vote.choice is Choice.GO else ""

    def renew(self, votes: Sequence[RollCallVote], asked: str) -> None:
        """Show these; ``asked`` is the role whose turn it is."""
        bar, before = self.verticalScrollBar(), self.verticalScrollBar().value()
        self._asked = asked
        self.renew_rows(tuple(votes))
        high = max(current().px(ROW), current().px(CHIP_HIGH) + 4)
        for row in range(len(votes)):
            if self.rowHeight(row) != high:
                self.setRowHeight(row, high)
        bar.setValue(before)
        self.viewport().update()

    def minimumSizeHint(self) -> QSize:
        """Some roles at least; the rest scrolls."""
        return QSize(current().px(360), current().px(5 * ROW))

    def restyle(self) -> None:
        super().restyle()
        self.renew(self.records.rows, self._asked)

    # --- drawing ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self.viewport()), current().tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(tokens.window))
        selected = {index.row() for index in self.selectionModel().selectedRows()}
        for row in self._visible_rows(self.viewport().rect()):
            vote: RollCallVote = self.records.rows[row]
            box = QRect(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))
            self._draw_row(painter, vote, box, chosen=row in selected and self.hasFocus())

    def _draw_row(self, painter: QPainter, vote: RollCallVote, box: QRect, *, chosen: bool) -> None:
        theme, tokens = current(), current().tokens
        counts = counts_for(vote)
        bad = vote.choice is not None and counts is not Choice.GO
        hue = tokens.text2 if is_void(vote) else tokens.status(SEVERITY[counts])
        if chosen:
            painter.fillRect(box, QColor(tokens.selection))
        elif is_void(vote):
            painter.fillRect(box, theme.hatch(tokens.window))
        elif bad:
            painter.fillRect(box, mixed(hue, tokens.window, 0.16))
        painter.fillRect(QRectF(box.left(), box.bottom(), box.width(), 1), QColor(tokens.hover))
        if vote.director:
            painter.fillRect(QRectF(box.left(), box.top(), box.width(), 1), QColor(tokens.text3))
        if bad:
            painter.fillRect(box.left(), box.top(), FOCUS + 1, box.height(), QColor(hue))
        quiet = tokens.text if chosen else tokens.text2
        for number in Col:
            if self.isColumnHidden(number):
                continue
            left, wide = self.columnViewportPosition(number), self.columnWidth(number)
            place = QRectF(left + PAD, box.top(), wide - 2 * PAD, box.height())
            words = self._words(vote, number)
            match number:
                case Col.PERSON:
                    size = theme.px(22)
                    circle = QRectF(left + PAD, box.center().y() - size / 2 + 1, size, size)
                    letters = initials(vote.person_name or vote.name)
                    draw_avatar(painter, circle, vote.person or "", letters)
                case Col.ROLE:
                    delegated = f" (for {vote.delegated_by})" if vote.delegated_by else ""
                    draw_words(painter, words + delegated, place, (10, 600 if bad else 400))
                case Col.VOTE:
                    high = theme.px(CHIP_HIGH)
                    chip = QRectF(place.left(), box.center().y() - high / 2 + 1, theme.px(CHIP_WIDE), high)
                    draw_vote(painter, vote, chip)
                case Col.EVIDENCE:
                    draw_words(painter, words, place, (9, 600 if is_void(vote) else 400), quiet, RIGHT)
                case Col.VOTED:
                    draw_words(painter, words, place, (10, 400), quiet, RIGHT)
                case _:
                    draw_words(painter, words, place, (10, 400), quiet)

    def _spread(self) -> None:
        widths = self._widths()
        spare = self._leave_out(widths, GIVE_WAY)
        taking = Col.ROLE if self.isColumnHidden(Col.BOUND) else Col.BOUND
        for number, width in enumerate(widths):
            self.setColumnWidth(number, width + (spare if number == taking else 0))

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at."""
        found: Any = self.records.rows[index.row()] if index.isValid() else None
        if not isinstance(found, RollCallVote):
            return ""
        words = self._words(found, index.column())
        if index.column() == Col.VOTE and found.override is not None:
            by = found.override
            words += f"\n{by.reason}\nAsked for by {by.asked_by_name}, approved by {by.approved_by_name}."
        return words


def _vote_words(vote: RollCallVote) -> str:
    if vote.choice is None:
        return "not voted"
    if is_void(vote):
        return f"{vote.choice} void"
    return f"{vote.choice} overruled" if vote.override is not None else str(vote.choice)
