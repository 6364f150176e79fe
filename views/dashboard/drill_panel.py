"""The rows behind a figure: a summary whose sum is the figure, filters, endless scrolling, CSV of what is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.dashboard import Dashboard
from app.dashboard.drill import window_of
from models.core.csv_text import csv_text
from models.core.formatting import grouped, money, percent
from models.core.wording import counted
from views.kit.charts.data import interval_words
from views.kit.downloads import save
from views.kit.panel import Note
from views.kit.theme import current
from views.kit.widgets.discard import discard
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable, row_height

if TYPE_CHECKING:
    from app.console import Console
    from app.dashboard.drill import Drill

NOUNS = {"orders": "orders", "refunds": "refunds", "downloads": "downloads", "community": "readings"}
NOTHING_OPEN = "Open a figure or a point of a chart to see the rows behind it."
ROWS_LEAST = 12
"""Rows that are seen at once, however small the window is."""
STATUSES = {"orders": ("pending", "settled"), "downloads": ("succeeded", "failed")}


def _instant(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else "–"


def _own(value: int, currency: str) -> str:
    return f"{money(value, currency)} {currency}"


def columns_of(kind: str, currency: str) -> tuple[Column, ...]:
    """Columns of a list; ``currency`` is the reporting currency."""
    match kind:
        case "orders":
            return (
                Column("Placed, UTC", lambda r: _instant(r.placed_at), 160, quiet=True),
                Column("Order", lambda r: r.id, 120, mono=True, stretch=True),
                Column("Customer", lambda r: r.customer_id or "guest", 110, mono=True),
                Column("Country", lambda r: r.country or "–", 72),
                Column("State", lambda r: str(r.status), 76),
                Column("Total", lambda r: _own(r.total, r.currency), 120, right=True, quiet=True),
                Column(f"Total, {currency}", lambda r: _reporting(r.reporting_total, currency), 120, right=True),
            )
        case "refunds":
            return (
                Column("Refunded, UTC", lambda r: _instant(r.refunded_at), 160, quiet=True),
                Column("Refund", lambda r: r.id, 120, mono=True, stretch=True, fits=True),
                Column("Order", lambda r: r.order_id or "unknown", 120, mono=True, fits=True),
                Column("Country", lambda r: r.country or "–", 72),
                Column("Amount", lambda r: _own(r.amount, r.currency), 120, right=True, quiet=True),
                Column(f"Amount, {currency}", lambda r: _reporting(r.reporting_amount, currency), 120, right=True),
            )
        case "downloads":
            return (
                Column("At, UTC", lambda r: _instant(r.downloaded_at), 160, quiet=True),
                Column("Product", lambda r: r.product, 180, stretch=True),
                Column("Country", lambda r: r.country or "–", 72),
                Column("Result", lambda r: "ok" if r.succeeded else "failed", 72),
                Column("Why", lambda r: r.failure or "", 200, quiet=True),
                Column("Id", lambda r: r.id, 120, mono=True),
            )
        case _:
            return (
                Column("Observed, UTC", lambda r: _instant(r.observed_at), 160, quiet=True),
                Column(
                    "Figure", lambda r: "Discord members" if r.metric == "discord" else "Showcases", 140, stretch=True
                ),
                Column("Value", lambda r: grouped(r.value), 100, right=True),
            )


def _reporting(value: int | None, currency: str) -> str:
    return "no rate" if value is None else money(value, currency)


class _Tall(QWidget):
    """Never lower than twelve rows below their heading: docks that share the column give way."""

    def minimumSizeHint(self) -> QSize:
        theme = current()
        high = ROWS_LEAST * row_height() + theme.height(10) + theme.px(96)
        return QSize(super().minimumSizeHint().width(), round(high))


class DrillPanel(QObject):
    """One list at a time; ``show_link`` shows another."""

    noted = Signal()
    left = Signal()
    """Esc was pressed: whoever looked at the rows is done."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._export: asyncio.Task[None] | None = None
        """What loads the rows that are still missing, for a file."""
        self.drill: Drill | None = None
        self._drills: list[Drill] = []
        """The lists whose rows make up the figure: orders and refunds, failed downloads and all."""
        self._kind = ""
        self._currency = ""
        self.widget: QWidget = _Tall()
        self.setParent(self.widget)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.widget)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self._leave)
        self.summary = QLabel(NOTHING_OPEN)
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.summary.setAccessibleName("Sum of the rows")
        self.status = QComboBox()
        self.status.setAccessibleName("Filter by state")
        self.country = QLineEdit()
        self.country.setPlaceholderText("Country, for example DE")
        self.country.setAccessibleName("Filter by country")
        self.country.setFixedWidth(current().px(200))
        self.country.setToolTip("Two letters, such as DE; Enter filters")
        self.country.setClearButtonEnabled(True)
        self.other = Pill("", Look.BUTTON, name="Show the other rows of this figure")
        self.other.clicked.connect(self._switch)
        self.export = Pill("Export CSV", Look.BUTTON, name="Export all rows as CSV")
        self.cancel = Pill("Cancel export", Look.BUTTON, name="Cancel the export")
        self.cancel.hide()
        self.cancel.clicked.connect(self._cancel_export)
        self.again = Pill("Try again", Look.BUTTON, name="Try again")
        self.again.hide()
        self._table: RecordTable | None = None
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.summary, 1)
        for item in (self.again, self.other, self.status, self.country, self.export, self.cancel):
            row.addWidget(item)
        self._column = QVBoxLayout(self.widget)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(8)
        self._column.addLayout(row)
        self._column.addStretch(1)
        self.status.activated.connect(self._filter)
        self.country.editingFinished.connect(self._filter)
        self.export.clicked.connect(self.save_csv)
        self.again.clicked.connect(self._more)
        console.time.changed.connect(self._time_changed)
        console.last_user.left.connect(self._put_away)
        self._as_of: datetime | None = None
        """The past instant of which the rows are; ``None`` is live."""
        self._show_controls()

    # --- panel -------------------------------------------------------------------------------------------------

    def note(self) -> Note:
        """How many of the rows are loaded."""
        drill = self.drill
        if drill is None:
            return Note()
        if drill.loading:
            return Note("loading…")
        total = drill.summary.count if drill.summary else 0
        words = [f"{grouped(len(drill.rows))} of {grouped(total)} loaded"] if len(drill.rows) < total else []
        words += [f"{counted(drill.left_out, 'row')} cannot be read"] if drill.left_out else []
        return Note(" · ".join(words))

    @property
    def has_rows(self) -> bool:
        """Whether there is anything to export."""
        return self.drill is not None and bool(self.drill.rows)

    def menu(self) -> list[QAction]:
        """Export and copy."""
        save, copy = QAction("Export CSV…", self), QAction("Copy as CSV", self)
        marked = QAction("Export CSV with a byte order mark…", self)
        save.triggered.connect(self.save_csv)
        marked.triggered.connect(lambda: self.save_csv(bom=True))
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.csv_text()))
        for action in (save, marked, copy):
            action.setEnabled(self.drill is not None and bool(self.drill.rows))
        return [save, marked, copy]

    def set_visible(self, visible: bool) -> None:
        """Rows do not change by themselves: nothing is polled."""

    def _leave(self) -> None:
        if self._exporting:
            self._cancel_export()
        else:
            self.left.emit()

    # --- showing -----------------------------------------------------------------------------------------------

    def show_links(self, links: Sequence[str], title: str = "") -> None:
        """Show the rows of a figure; of several lists the first. Raises ValueError for an address that is no list."""
        for drill in self._drills:
            drill.changed.disconnect(self._changed, missing_ok=True)
        self._drills = [self._console.of(Dashboard).drill(link) for link in links]
        self._title = title or NOUNS[self._drills[0].kind].capitalize()
        self._as_of = self._console.time.as_of
        figures = self._console.figures
        self._currency = figures.currency if figures else ""
        for drill in self._drills:
            drill.changed.connect(self._changed)
            self._console.tasks.start(drill.more(), name="load rows")
        self._open(0)

    def _open(self, number: int) -> None:
        self.drill = self._drills[number]
        self._new_table()
        self._changed()

    def _time_changed(self) -> None:
        """Rows of another time are put away: they do not belong to what the figures say."""
        if self._console.time.as_of != self._as_of:
            self._put_away()

    def _put_away(self) -> None:
        if self._table is None:
            return
        for drill in self._drills:
            drill.changed.disconnect(self._changed, missing_ok=True)
        self.drill, self._drills, self._kind = None, [], ""
        self._column.removeWidget(self._table)
        discard(self._table)
        self._table = None
        self._column.addStretch(1)
        self.again.hide()
        self.summary.setText(NOTHING_OPEN)
        self._show_controls()

    def _switch(self) -> None:
        if self.drill in self._drills:
            self._open((self._drills.index(self.drill) + 1) % len(self._drills))

    def _new_table(self) -> None:
        assert self.drill is not None  # noqa: S101 - set by the caller
        kind = self.drill.kind
        if self._table is not None:
            self._column.removeWidget(self._table)
            discard(self._table)
        else:
            self._column.takeAt(self._column.count() - 1)
        self._table = RecordTable(columns_of(kind, self._currency), self._title)
        self._table.near_end.connect(self._more)
        self._column.addWidget(self._table, 1)
        self.widget.setFocusProxy(self._table)
        self._table.set_rows(self.drill.rows)
        self._kind = kind
        self.status.clear()
        self.status.addItem("all states", None)
        for status in STATUSES.get(kind, ()):
            self.status.addItem(status, status)
        self.country.clear()
        self._show_controls()

    def _show_controls(self) -> None:
        self.status.setVisible(self._kind in STATUSES)
        self.country.setVisible(self._kind in {"orders", "refunds", "downloads"})
        self.export.setVisible(bool(self._kind))
        self.other.setVisible(len(self._drills) > 1)
        if len(self._drills) > 1 and self.drill in self._drills:
            following = self._drills[(self._drills.index(self.drill) + 1) % len(self._drills)]
            all_of = following.kind == self.drill.kind and "status=" not in following.link
            self.other.set(f"{'All ' if all_of else ''}{NOUNS[following.kind]}".capitalize())

    def _more(self) -> None:
        if self.drill is not None and not self.drill.complete and not self.drill.loading:
            self._console.tasks.start(self.drill.more(), name="load rows")

    def _filter(self) -> None:
        drill = self.drill
        if drill is None:
            return
        country, status = self.country.text().strip() or None, self.status.currentData()
        if (country, status) != (drill.country, drill.status):
            self._console.tasks.start(drill.filter(country=country, status=status), name="filter rows")

    def _changed(self) -> None:
        drill, table = self.drill, self._table
        if drill is None or table is None:
            return
        if table.records.rows is not drill.rows or table.records.rowCount() > len(drill.rows):
            table.set_rows(drill.rows)
        else:
            table.records.grown()
        self.again.setVisible(drill.error is not None)
        self.summary.setText(self._words())
        self.export.setEnabled(bool(drill.rows))
        self.noted.emit()

    def _words(self) -> str:
        """What the rows add up to."""
        drill = self.drill
        assert drill is not None  # noqa: S101 - asked only while there is one
        if drill.error is not None:
            return f"{self._title}: {drill.error}"
        summary = drill.summary
        if summary is None:
            return f"{self._title}: loading…"
        if summary.count == 0:
            return f"{self._title}, {window_words(drill)}: no rows."
        total = self._total()
        return f"{self._title}, {window_words(drill)}: {_summary_words(drill)}" + (f"  ({total})" if total else "")

    def _total(self) -> str:
        """What two lists come to: orders minus refunds, failed of all. Unfiltered lists only."""
        if len(self._drills) != 2 or any(d.summary is None or d.country or d.status for d in self._drills):
            return ""
        (one, first), (other, second) = ((d.kind, d.summary) for d in self._drills)
        assert first is not None  # noqa: S101 - checked above
        assert second is not None  # noqa: S101 - checked above
        if (one, other) == ("orders", "refunds") and first.amount is not None and second.amount is not None:
            currency = first.currency or self._currency
            rest = money(first.amount - second.amount, currency)
            return f"− {money(second.amount, currency)} refunded = {rest} {currency}"
        if one == other == "downloads" and second.count:
            return f"of {grouped(second.count)} = {percent(first.count / second.count)} %"
        return ""

    # --- export ------------------------------------------------------------------------------------------------

    def csv_text(self, *, bom: bool = False) -> str:
        """The rows as CSV, with the columns that are shown."""
        drill, table = self.drill, self._table
        if drill is None or table is None:
            return ""
        columns = table.records.columns
        rows = ([column.text(row) for column in columns] for row in drill.rows)
        return csv_text([column.title for column in columns], rows, bom=bom)

    @property
    def _exporting(self) -> bool:
        return self._export is not None and not self._export.done()

    def save_csv(self, *, bom: bool = False) -> None:
        """Write all rows into the download folder and say where; those not loaded yet are asked for first."""
        if self.has_rows and not self._exporting:
            self._export = self._console.tasks.start(self._save_all(bom=bom), name="export rows")

    def _cancel_export(self) -> None:
        if self._export is not None:
            self._export.cancel()

    async def _save_all(self, *, bom: bool) -> None:
        drill = self.drill
        assert drill is not None  # noqa: S101 - asked by the caller
        self.export.setEnabled(False)
        self.cancel.show()
        try:
            while not drill.complete and drill is self.drill and drill.error is None:
                self._show_progress(drill)
                if drill.loading:
                    await asyncio.sleep(0.02)
                else:
                    await drill.more()
        except asyncio.CancelledError:
            self._console.messages.post(f"Export cancelled at {counted(len(drill.rows), 'row')}: no file was written.")
            raise
        finally:
            self.cancel.hide()
            self.export.set("Export CSV")
            self.export.setEnabled(self.has_rows)
        if drill is not self.drill:
            return
        if drill.error is not None:
            words = f"Not exported: {drill.error} {grouped(len(drill.rows))} rows are loaded; try again for the rest."
            self._console.messages.post(words, "error")
            return
        self._write(drill, bom=bom)

    def _show_progress(self, drill: Drill) -> None:
        total = drill.summary.count if drill.summary else 0
        share = f" {len(drill.rows) / total:.0%}" if total else ""
        self.export.set(f"Exporting…{share}")

    def _write(self, drill: Drill, *, bom: bool) -> None:
        then = f"-as-of-{self._as_of:%Y%m%d-%H%M}" if self._as_of is not None else ""
        name = f"opsconsole-{drill.kind}{then}-{self._console.clock.now():%Y%m%d-%H%M%S}.csv"
        try:
            path = save(name, self.csv_text(bom=bom).encode())
        except OSError as error:
            self._console.messages.post(f"Not exported: {error.strerror or error}. Use “Copy as CSV” instead.", "error")
            return
        missing = f" {counted(drill.left_out, 'row')} cannot be read." if drill.left_out else ""
        words = f"Exported all {counted(len(drill.rows), 'row')}, {window_words(drill)}, to {path}.{missing}"
        self._console.messages.post(words)


def window_words(drill: Drill) -> str:
    """The interval whose rows are listed: ``Tue 24 Nov 13:00–14:00 UTC``."""
    start, end = (datetime.fromisoformat(edge) for edge in window_of(drill.link))
    return interval_words(start.timestamp(), end.timestamp())


def _summary_words(drill: Drill) -> str:
    """A summary in words."""
    summary = drill.summary
    assert summary is not None  # noqa: S101 - asked only when it is known
    noun = NOUNS[drill.kind]
    parts = [counted(summary.count, noun.removesuffix("s"), noun)]
    if summary.amount is not None and summary.currency:
        parts.append(f"{money(summary.amount, summary.currency)} {summary.currency}")
    if summary.failed is not None and summary.failed != summary.count:
        parts.append(f"{grouped(summary.failed)} failed ({percent(summary.failed / summary.count)} %)")
    if summary.unconverted:
        parts.append(f"{grouped(summary.unconverted)} without a rate, not in the sum")
    return " · ".join(parts)
