"""How fast incidents are detected, acknowledged and resolved, by month and severity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.incidents.domain import VIEW, Incidents
from models.incidents import IncidentSeverity
from views.incidents.wording import HUES, span_words
from views.kit.charts.data import apart, nice_ticks
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import current, mixed
from views.kit.widgets.chip import mark
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.incidents.reviews import MonthFigures
    from views.kit.capability import Window

LEFT, RIGHT, HEAD, FOOT = 64, 96, 36, 24
HOURS_FROM = 90.0
"""Minutes from which on an axis counts hours."""
Line = tuple[IncidentSeverity, list[QPointF], str]
"""Of one severity: its points, and what it is called."""
MEASURES = (
    ("Mean time to detect", "detect_seconds"),
    ("Mean time to acknowledge", "acknowledge_seconds"),
    ("Mean time to resolve", "resolve_seconds"),
)


class MonthChart(QWidget):
    """One mean over the months: a line for each severity, with its shape at each month there was one."""

    def __init__(self, title: str, field: str) -> None:
        super().__init__()
        self._title, self._field = title, field
        self._months: tuple[str, ...] = ()
        self._rows: Sequence[MonthFigures] = ()
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(current().px(120))

    def sizeHint(self) -> QSize:
        return QSize(current().px(420), current().px(180))

    def show_months(self, rows: Sequence[MonthFigures]) -> None:
        """Draw these."""
        self._rows = rows
        self._months = tuple(sorted({row.month for row in rows}))
        known = [
            f"{row.month} {row.severity}: {span_words(value)}"
            for row in rows
            if (value := getattr(row, self._field)) is not None
        ]
        self.setAccessibleDescription("; ".join(known) or "no data")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(9, 600))
        painter.setPen(QColor(tokens.text))
        painter.drawText(
            QRectF(theme.px(12), 0, self.width(), theme.px(HEAD - 12)), Qt.AlignmentFlag.AlignVCenter, self._title
        )
        plot = QRectF(self.rect()).adjusted(theme.px(LEFT), theme.px(HEAD), -theme.px(RIGHT), -theme.px(FOOT))
        values = [value / 60 for row in self._rows if (value := getattr(row, self._field)) is not None]
        painter.setFont(theme.font(9))
        if not values:
            painter.setPen(QColor(tokens.text2))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "no data")
            return
        unit = 60 if max(values) >= HOURS_FROM else 1
        marks = tuple(unit * tick for tick in nice_ticks(max(values) / unit, max(1, min(4, int(plot.height() / 28)))))
        self._grid(painter, plot, marks)
        lines = [line for severity in IncidentSeverity if (line := self._points(plot, marks[-1], severity))]
        for severity, points, _ in lines:
            painter.setPen(QPen(QColor(tokens.series(list(IncidentSeverity).index(severity) + 1)), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))
            for point in points:
                mark(painter, HUES[severity], point, theme.px(9), tokens.text, filled=True)
        self._names(painter, plot, lines)

    def _points(self, plot: QRectF, top: float, severity: IncidentSeverity) -> Line | None:
        found = [
            (row.month, value)
            for row in self._rows
            if row.severity is severity and (value := getattr(row, self._field)) is not None
        ]
        if not found:
            return None
        points = [
            QPointF(self._x(month, plot), plot.bottom() - value / 60 / top * plot.height()) for month, value in found
        ]
        return severity, points, f"{severity} {span_words(found[-1][1])}"

    @staticmethod
    def _names(painter: QPainter, plot: QRectF, lines: Sequence[Line]) -> None:
        """What each line is, right of its last month; those of one month below each other."""
        theme, tokens = current(), current().tokens
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        high = QFontMetricsF(painter.font()).height()
        for x in {points[-1].x() for _, points, _ in lines}:
            here = sorted((points[-1].y(), words) for _, points, words in lines if points[-1].x() == x)
            for y, (_, words) in zip(apart([y for y, _ in here], high, plot.top(), plot.bottom()), here, strict=True):
                painter.drawText(QPointF(x + theme.px(10), y + high / 3), words)

    def _x(self, month: str, plot: QRectF) -> float:
        count = len(self._months)
        return plot.left() + plot.width() * (self._months.index(month) + 0.5) / max(1, count)

    def _grid(self, painter: QPainter, plot: QRectF, marks: tuple[float, ...]) -> None:
        theme, tokens = current(), current().tokens
        metrics = QFontMetricsF(painter.font())
        for tick in marks:
            y = plot.bottom() - tick / marks[-1] * plot.height()
            painter.setPen(mixed(tokens.line, tokens.window, 0.5))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(tokens.text3))
            side = QRectF(0, y - metrics.height() / 2, plot.left() - theme.px(8), metrics.height())
            words = "0" if not tick else f"{tick / 60:,.3g} h" if marks[-1] >= HOURS_FROM else f"{tick:,.3g} min"
            painter.drawText(side, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        for month in self._months:
            wide = metrics.horizontalAdvance(month)
            painter.drawText(QPointF(self._x(month, plot) - wide / 2, plot.bottom() + metrics.height()), month)


class FiguresPanel(QueryPanel):
    """Three charts, and the same as numbers."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.console, (VIEW,))
        self._figures = window.console.of(Incidents).figures()
        self.charts = [MonthChart(title, field) for title, field in MEASURES]
        self.table = RecordTable(
            (
                Column("Month", lambda row: row.month, 80),
                Column("Severity", lambda row: str(row.severity), 80),
                Column("Incidents", lambda row: str(row.incidents), 80, right=True),
                Column("MTTD", lambda row: _words(row.detect_seconds), 110, right=True),
                Column("MTTA", lambda row: _words(row.acknowledge_seconds), 110, right=True),
                Column("MTTR", lambda row: _words(row.resolve_seconds), 110, right=True),
                Column("", lambda _row: "", 10, stretch=True),
            ),
            "Response times",
        )
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setContentsMargins(12, 8, 12, 0)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.said)
        for chart in self.charts:
            column.addWidget(chart, 2)
        column.addWidget(self.table, 3)
        self.widget.setAccessibleName("Response times")
        self.use(self._figures)

    def refresh(self) -> None:
        """Show the newest answer."""
        sample = self._figures.sample
        months = sample.value.months if sample is not None else ()
        for chart in self.charts:
            chart.show_months(months)
        self.table.renew_rows(tuple(reversed(months)))
        words = unheard_words(self.console) if sample is None else "" if months else "There was no incident yet."
        self.said.setText(words)
        self.said.setVisible(bool(words))


def _words(seconds: float | None) -> str:
    return "no data" if seconds is None else span_words(seconds)
