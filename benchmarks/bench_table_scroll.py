"""P8: a frame of the tables of orders and of the audit log while scrolled, against the view with an empty delegate."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
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
        from models.shop.orders import OrderRow

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


def _log(count: int) -> Any:
    """An audit log of which every row is loaded."""
    from app.audit.log import AuditLog
    from app.core.tasks import Tasks
    from models.audit import AuditLogEntry

    # Entries lie in pages that were loaded before: a row is looked up, not made.
    entries = [
        AuditLogEntry.model_construct(
            id=f"e{row}",
            position=count - row,
            at=datetime(2026, 11, 24, tzinfo=UTC) - timedelta(seconds=row),
            actor=f"user-{row % 40}",
            actor_label="Tariq Khan",
            action="alerts.alert.acknowledged",
            resource_type="alert",
            resource_id=f"r{row}",
            resource_label="Failure rate of downloads",
            version=3,
            before={"state": "active"},
            after={"state": "acknowledged"},
            reason="known, see the channel",
            request_id=None,
            correlation_id=None,
        )
        for row in range(997)
    ]

    class Loaded(AuditLog):
        """Every row is loaded."""

        def entry(self, row: int) -> Any:
            """The entry of a row."""
            return entries[row % len(entries)]

        def look_at(self, first: int, last: int) -> None:
            """Nothing is loaded."""

    def no_client() -> Any:
        raise AssertionError("nothing is asked for")

    log = Loaded(no_client, Tasks())
    log.top = log.newest = count
    return log


def _frame(table: Any, start: Callable[[], None]) -> float:
    """Milliseconds of a frame, median, scrolling by a page; every frame shows rows that were never drawn before."""
    bar = table.verticalScrollBar()
    page = bar.pageStep()
    times = []
    for n in range(FRAMES):
        position = n % max(1, bar.maximum() // page) * page
        if position == 0:
            start()
        bar.setValue(position)
        begun = time.perf_counter()
        table.viewport().grab()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def _anew(table: Any, rows: Sequence[Any]) -> None:
    table.set_rows(rows)
    table.setColumnWidth(0, table.columnWidth(0) + 1)  # what fitted into the columns is forgotten


def run() -> list[Result]:
    """Milliseconds a frame."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QStyledItemDelegate, QTableView

    from views.audit.table import AuditTable
    from views.dashboard.drill_panel import columns_of
    from views.kit.theme import Theme
    from views.kit.widgets.table import RecordTable

    class Empty(QStyledItemDelegate):
        """Draws nothing."""

        def paint(self, *_: Any) -> None:
            """Nothing."""

    def orders(count: int) -> tuple[RecordTable, Sequence[Any]]:
        return RecordTable(columns_of("orders", "EUR"), "Orders"), Orders(count)

    def audit(count: int) -> tuple[RecordTable, Sequence[Any]]:
        table = AuditTable(_log(count), lambda: datetime(2026, 11, 24, tzinfo=UTC))
        return table, table.rows

    application = QApplication.instance() or QApplication([])
    Theme(application).apply("dark")  # type: ignore[arg-type]
    results = []
    for name, make in (("orders", orders), ("audit", audit)):
        found = {}
        for count in SIZES:
            frames = []
            for bare in (False, True):
                table, rows = make(count)
                if bare:
                    # The same table, drawn by Qt through the empty delegate.
                    table.paintEvent = partial(QTableView.paintEvent, table)  # type: ignore[method-assign]
                    table.setItemDelegate(Empty(table))
                table.resize(1200, 700)
                table.set_rows(rows)
                table.show()
                table.grab()
                application.processEvents()  # columns that fit their texts have grown
                frames.append(_frame(table, partial(_anew, table, rows)))
                table.close()
            found[count] = frames[0]
            results.append(Result(f"P8 {name} table, frame while scrolling, {count:,} rows", *frames, "ms", 3.0))
        millions, thousands = found[SIZES[1]], found[SIZES[0]]
        results.append(Result(f"P8 {name}: a million rows against a thousand", millions, thousands, "ms", 1.2))
    return results
