"""P9: six charts of 2 160 points take new data and are drawn, against the repaint alone."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

from benchmarks.samples import dashboard
from benchmarks.table import Result

CHARTS, POINTS, TURNS = 6, 2_160, 30


def run() -> list[Result]:
    """Milliseconds for all six."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

    from views.dashboard import series
    from views.kit.charts.style import chart_style
    from views.kit.charts.time_chart import TimeChart
    from views.kit.theme import Theme

    application: Any = QApplication.instance() or QApplication([])
    Theme(application).apply("dark")
    window = QWidget()
    column = QVBoxLayout(window)
    answers = [dashboard(POINTS), dashboard(POINTS, height=400.0)]
    reads = [series.revenue, series.orders, series.failure_rate, series.members, series.revenue, series.failure_rate]
    charts = []
    for number in range(CHARTS):
        chart = TimeChart(f"chart {number}", chart_style(number + 1))
        column.addWidget(chart)
        charts.append(chart)
    window.resize(1428, 1000)
    window.show()
    data = [[read(answer) for read in reads] for answer in answers]
    update, repaint = [], []
    for turn in range(TURNS):
        begun = time.perf_counter()
        for chart, shown in zip(charts, data[turn % 2], strict=True):
            chart.show_data(shown)
            chart._redraw()  # noqa: SLF001 - the four redraws a second are not what is measured
            chart.viewport().grab()
        update.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        for chart in charts:
            chart.viewport().grab()
        repaint.append((time.perf_counter() - begun) * 1000)
    window.close()
    figure, floor = statistics.median(update[3:]), statistics.median(repaint[3:])
    return [Result(f"P9 {CHARTS} charts updated, {POINTS:,} points each", figure, floor, "ms", 4.5)]
