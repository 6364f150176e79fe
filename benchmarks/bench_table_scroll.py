"""P8: a frame of the orders table while it is scrolled, against the same view with an empty delegate."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, overload

from benchmarks.table import Result

SIZES = (1_000, 1_000_000)
FRAMES = 120


class Orders(Sequence[Any]):
    """As many orders as asked for, made when they are looked at."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: Any) -> Any:
        from models.orders import OrderRow

        return OrderRow.model_construct(
            id=f"CS-{index:07d}",
            placed_at=datetime(2026, 11, 24, tzinfo=UTC) - timedelta(seconds=index),
            settled_at=None,
            status="settled",
            customer_id=f"C-{index % 977:05d}",
            country="DE",
            currency="EUR",
            total=1999 + index % 5000,
            reporting_total=1999 + index % 5000,
        )


def _frame(table: Any, count: int) -> float:
    """Milliseconds of a frame, median, scrolling by a page; every frame shows rows that were never drawn before."""
    bar = table.verticalScrollBar()
    page = bar.pageStep()
    times = []
    for n in range(FRAMES):
        position = n % max(1, bar.maximum() // page) * page
        if position == 0:
            table.set_rows(Orders(count))
        bar.setValue(position)
        begun = time.perf_counter()
        table.viewport().grab()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def run() -> list[Result]:
    """Milliseconds a frame."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QStyledItemDelegate, QTableView

    from views.dashboard.drill_panel import columns_of
    from views.theme import Theme
    from views.widgets.table import RecordTable

    class Empty(QStyledItemDelegate):
        """Draws nothing."""

        def paint(self, *_: Any) -> None:
            """Nothing."""

    class Bare(RecordTable):
        """The same table, drawn by Qt through the empty delegate."""

        paintEvent = QTableView.paintEvent  # noqa: N815 - Qt's name

    application = QApplication.instance() or QApplication([])
    Theme(application).apply("dark")  # type: ignore[arg-type]
    found: dict[int, float] = {}
    results = []
    for count in SIZES:
        tables = []
        for kind in (RecordTable, Bare):
            table = kind(columns_of("orders", "EUR"), "Orders")
            table.resize(1200, 700)
            table.set_rows(Orders(count))
            table.show()
            table.grab()
            tables.append(table)
        tables[1].setItemDelegate(Empty(tables[1]))
        found[count], floor = _frame(tables[0], count), _frame(tables[1], count)
        results.append(Result(f"P8 table frame while scrolling, {count:,} rows", found[count], floor, "ms", 3.0))
        for table in tables:
            table.close()
    results.append(Result("P8 a million rows against a thousand", found[SIZES[1]], found[SIZES[0]], "ms", 1.2))
    return results
