"""A page of the wall display that is a list: two lines a row, by turns where there are more rows than places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.core.freshness import Quality
from views.kit.theme import current
from views.kit.wall import draw_fitted, turned, wall_font
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from app.console import Console
    from app.core.query import Query
    from models.core.permissions import Permission

ROW, LINE, TITLE = 3.3, 1.35, 1.2
"""Heights of a row and of a line, and the size of what a row is about, in units of the smallest type."""


class WallRow(NamedTuple):
    """What a row says."""

    title: str
    title_beside: str
    below: str
    below_beside: str = ""
    severity: str = ""
    """With its shape; empty: nothing is wrong."""


class RowsPage:
    """Asks as long as the wall is open; it writes nothing, and of the past it says nothing."""

    def __init__(
        self,
        console: Console,
        title: str,
        permission: Permission,
        queries: Sequence[Query[Any]],
        rows: Callable[[], Sequence[WallRow]],
    ) -> None:
        """The first of ``queries`` is the one whose age is shown."""
        self.title = title
        self._console, self._permission, self._queries, self._rows = console, permission, queries, rows
        self._watches = [query.watch() for query in queries]

    @property
    def wanted(self) -> bool:
        """Whether there is a row, and whoever is signed in may see it."""
        may = self._console.session.may(self._permission)
        return may and self._console.time.as_of is None and bool(self._rows())

    @property
    def age(self) -> float | None:
        """Seconds since it was heard."""
        return self._queries[0].age_seconds

    @property
    def quality(self) -> Quality:
        """How much it can be trusted."""
        return self._queries[0].quality

    def close(self) -> None:
        """Stop asking."""
        for watch in self._watches:
            watch.close()

    def draw(self, painter: QPainter, box: QRectF, unit: float) -> None:
        """As many rows as there is room for, and which of how many they are."""
        rows, tokens = self._rows(), current().tokens
        places = max(1, int(box.height() // (ROW * unit)))
        if len(rows) > places:
            places = max(1, int((box.height() - LINE * unit) // (ROW * unit)))
        part = turned(len(rows), places, self._console.clock.monotonic())
        top = box.top()
        for row in rows[part]:
            self._draw_row(painter, QRectF(box.left(), top, box.width(), ROW * unit), unit, row)
            top += ROW * unit
        if len(rows) > places:
            words = f"{part.start + 1}\N{EN DASH}{min(part.stop, len(rows))} of {len(rows)}"
            foot = QRectF(box.left(), box.bottom() - LINE * unit, box.width(), LINE * unit)
            _draw_beside(painter, foot, unit, words, 400, tokens.text2)

    @staticmethod
    def _draw_row(painter: QPainter, box: QRectF, unit: float, row: WallRow) -> None:
        tokens = current().tokens
        painter.fillRect(QRectF(box.left(), box.bottom() - 2, box.width(), 2), QColor(tokens.line))
        upper = QRectF(box.left(), box.top() + unit * 0.2, box.width(), LINE * unit)
        lower = upper.translated(0, LINE * unit)
        if row.severity:
            hue, centre = tokens.status(row.severity), QPointF(upper.left() + unit * 0.6, upper.center().y())
            mark(painter, row.severity, centre, unit, hue, filled=True)
            upper = upper.adjusted(unit * 1.6, 0, 0, 0)
        taken = _draw_beside(painter, upper, unit, row.title_beside, 600, tokens.text)
        draw_fitted(painter, upper.adjusted(0, 0, -taken, 0), row.title, wall_font(unit * TITLE, 600), tokens.text)
        taken = _draw_beside(painter, lower, unit, row.below_beside, 400, tokens.text2)
        draw_fitted(painter, lower.adjusted(0, 0, -taken, 0), row.below, wall_font(unit), tokens.text2)


def _draw_beside(painter: QPainter, box: QRectF, unit: float, words: str, weight: int, hue: str) -> float:
    """Words at the right of a line; how much room they take, with what must be left before them."""
    if not words:
        return 0.0
    font = wall_font(unit, weight)
    wide = QFontMetricsF(font).horizontalAdvance(words) + unit * 0.1
    draw_fitted(painter, QRectF(box.right() - wide, box.top(), wide, box.height()), words, font, hue)
    return wide + unit * 0.6
