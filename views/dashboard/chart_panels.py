"""The charts of the dashboard. pyqtgraph is imported when the first one is shown, after the window's first paint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from app.alerts import Alerts
from app.core.freshness import Quality, age_words, long_age_words
from app.incidents import Incidents
from models.figures import FigureName
from views.kit.panel import Note
from views.kit.theme import current

if TYPE_CHECKING:
    from app.console import Console
    from app.core.query import Watch
    from models.alerts import AlertSummary
    from models.dashboard import OperationsDashboard
    from models.incidents import IncidentRecord
    from views.kit.capability import Window
    from views.kit.charts.data import ChartData, Mark, Span
    from views.kit.charts.time_chart import TimeChart


STILL = 1e12
"""The end of what goes on, in seconds: beyond every chart."""


class Crosshair(QObject):
    """One crosshair for all charts of a window: an instant is one vertical line."""

    moved = Signal(object)

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)


class ChartPanel(QObject):
    """One chart in a dock. ``drilled`` carries (kind of rows, start, end) of a bucket somebody opened."""

    drilled = Signal(object)
    noted = Signal()

    def __init__(
        self, console: Console, crosshair: Crosshair, title: str, read: str, *, source: str, rows: str, series: int = 1
    ) -> None:
        """``read`` names the function of ``views.dashboard.series``; ``rows`` the list behind a bucket."""
        super().__init__()
        self.title = title
        self._console, self._crosshair = console, crosshair
        self._read_name, self._source, self._rows, self._series = read, source, rows, series
        self.widget = QWidget()
        self.setParent(self.widget)
        self._stack = QStackedLayout(self.widget)
        self._empty = QLabel("Waiting for the first answer…")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._empty)
        self.chart: TimeChart | None = None
        self._watch: Watch | None = None
        self._shown: Any = None
        """Answer and marks that are drawn."""
        self._drawn_at: datetime | None = None
        """The past instant that is drawn; ``None`` is live."""
        self._severity = "P2"
        self._visible = False
        self._quality_timer = QTimer(self, interval=1000)
        self._quality_timer.timeout.connect(self._show_quality)
        console.time.changed.connect(self._rewatch)
        console.link.changed.connect(self._show_quality)
        console.last_user.left.connect(self._clear)
        console.figures_changed.connect(self.refresh)
        console.of(Alerts).list().changed.connect(self.refresh)
        for query in (console.of(Incidents).open(), console.of(Incidents).found(())):
            query.changed.connect(self.refresh)
        current().changed.connect(self._restyle)

    # --- panel -------------------------------------------------------------------------------------------------

    def note(self) -> Note:
        """Age of the chart's source."""
        console = self._console
        figures = console.figures
        figure = next((f for f in figures.figures if f.name == self._source), None) if figures else None
        if figures is None or figure is None:
            return Note()
        if figures.past:
            return Note("past instant")
        age = figures.age(figure, console.clock.now().timestamp(), console.figures_elapsed())
        if age is None:
            return Note("never heard", "late")
        if console.quality() in {Quality.STALE, Quality.DISCONNECTED}:
            return Note(f"stale · {long_age_words(age)} old", "stale")
        return Note(f"{age_words(age)} old", "late" if figure.late else "fresh")

    def menu(self) -> list[QAction]:
        """Rows of the whole range."""
        action = QAction("Rows of the whole range", self)
        action.triggered.connect(self._open_all)
        return [action]

    def set_visible(self, visible: bool) -> None:
        """Poll and draw only while somebody can see it."""
        self._visible = visible
        if self._watch is None:
            self._watch = self._console.dashboard().watch(visible=visible)
        self._watch.set_visible(visible)
        if visible:
            self._quality_timer.start()
            # After the paint that makes it visible: the first chart of a process costs the import of pyqtgraph.
            QTimer.singleShot(0, self, self.refresh)
        else:
            self._quality_timer.stop()

    # --- drawing -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Draw the newest answer."""
        sample, at = self._console.dashboard().sample, self._console.time.as_of
        if not self._visible or not self._has_loop():
            return
        if sample is None:
            if at != self._drawn_at:  # what is drawn belongs to another time
                self._drawn_at = at
                self._clear()
            return
        marks, spans, alert = self._marks(sample.value), self._spans(), self._alert(sample.value)
        if self._shown is not None and self._shown[0] is sample.value and self._shown[1:] == (marks, spans, alert):
            return
        self._shown, self._drawn_at = (sample.value, marks, spans, alert), at
        from views.dashboard import series

        read: Callable[[Any], ChartData] = getattr(series, self._read_name)
        from views.kit.charts.style import chart_style

        chart = self._chart()
        threshold = sample.value.thresholds.get(FigureName(self._source))
        severity = str(threshold.severity) if threshold else "P2"
        if severity != self._severity:
            self._severity = severity
            chart.set_style(chart_style(self._series, severity))
        chart.show_data(replace(read(sample.value), marks=marks, spans=spans, alert=alert))
        self._stack.setCurrentWidget(chart)
        self._show_quality()
        self.noted.emit()

    def _clear(self) -> None:
        self._shown = None
        self._stack.setCurrentWidget(self._empty)

    def _marks(self, dashboard: OperationsDashboard) -> tuple[Mark, ...]:
        """When alerts about this chart's figures were raised; the acknowledged and cleared ones too."""
        from models.alerts import AlertState
        from views.kit.charts.data import Mark

        known: dict[str, AlertSummary] = {alert.id: alert for alert in dashboard.alerts}
        alerts = self._console.of(Alerts).list().sample
        if alerts is not None:
            known |= {alert.id: alert for alert in alerts.value}
        area = self._source.partition(".")[0]
        about = [alert for alert in known.values() if alert.figure and alert.figure.partition(".")[0] == area]
        marks = (
            Mark(
                alert.raised_at.timestamp(),
                f"{alert.severity} {alert.title}",
                severity=str(alert.severity),
                open=alert.state is AlertState.ACTIVE,
            )
            for alert in about
        )
        return tuple(sorted(marks, key=lambda mark: mark.at))

    def _alert(self, dashboard: OperationsDashboard) -> Literal["", "active", "acknowledged"]:
        """What has become of the alert about the limit that is drawn; empty without one, and when it was cleared."""
        threshold = dashboard.thresholds.get(FigureName(self._source))
        sample = self._console.of(Alerts).list().sample
        about = [
            alert
            for alert in (sample.value if sample is not None else ())
            if threshold is not None and alert.rule_id == threshold.rule_id and alert.cleared_at is None
        ]
        if not about:
            return ""
        return "active" if any(alert.state == "active" for alert in about) else "acknowledged"

    def _spans(self) -> tuple[Span, ...]:
        """Incidents, as far as they are known: from their beginning to their end, or to now."""
        from views.kit.charts.data import Span

        incidents = self._console.of(Incidents)
        found: dict[str, IncidentRecord] = {}
        for query in (incidents.found(()), incidents.open()):
            found |= {each.incident_id: each for each in (query.sample.value if query.sample is not None else ())}
        return tuple(
            Span(
                each.started_at.timestamp(),
                each.resolved_at.timestamp() if each.resolved_at is not None else STILL,
                f"{each.severity} {each.reference} {each.title}",
            )
            for each in found.values()
        )

    @staticmethod
    def _has_loop() -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    def _chart(self) -> TimeChart:
        if self.chart is None:
            from views.kit.charts.style import chart_style
            from views.kit.charts.time_chart import TimeChart

            self.chart = TimeChart(self.title, chart_style(self._series), self.widget)
            self.chart.cursor_moved.connect(self._crosshair.moved)
            self._crosshair.moved.connect(self.chart.set_cursor)
            self.chart.drilled.connect(self._drill)
            self._stack.addWidget(self.chart)
        return self.chart

    def _show_quality(self) -> None:
        if self.chart is None:
            return
        quality = self._console.quality()
        stale = quality in {Quality.STALE, Quality.DISCONNECTED}
        self.chart.set_quality(stale="not live" if stale else "", disconnected=quality is Quality.DISCONNECTED)

    def _restyle(self) -> None:
        current().set_font(self._empty)
        if self.chart is not None:
            from views.kit.charts.style import chart_style

            self.chart.set_style(chart_style(self._series, self._severity))
            self._shown = None
            self.refresh()

    def _rewatch(self) -> None:
        self._console.of(Alerts).list().changed.disconnect(self.refresh)
        self._console.of(Alerts).list().changed.connect(self.refresh)
        if self._watch is not None:
            visible = self._watch.visible
            self._watch.close()
            self._watch = self._console.dashboard().watch(visible=visible)
        self.refresh()

    # --- rows --------------------------------------------------------------------------------------------------

    def _drill(self, bucket: object) -> None:
        if isinstance(bucket, tuple):
            start, end = (datetime.fromtimestamp(edge, UTC) for edge in bucket)
            self.drilled.emit(link_of(self._rows, start, end, self._console.time.as_of))

    def _open_all(self) -> None:
        sample = self._console.dashboard().sample
        if sample is not None:
            series = sample.value.series
            self.drilled.emit(link_of(self._rows, series.starts[0], series.ends[-1], self._console.time.as_of))


def link_of(rows: str, start: datetime, end: datetime, as_of: datetime | None = None) -> str:
    """The list of rows in ``(start, end]``, now or at a past instant; ``rows`` may have more filters after a ``?``."""
    kind, _, more = rows.partition("?")
    window = f"from={quote(start.isoformat())}&to={quote(end.isoformat())}"
    window += f"&asOf={quote(as_of.isoformat())}" if as_of is not None else ""
    return f"/api/operations/{kind}?{window}" + (f"&{more}" if more else "")
