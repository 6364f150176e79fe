"""The sources table: newest record, its age, and what the source promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.core.freshness import Quality, age_words
from views.kit.panel import Note
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from app.console import Console
    from app.core.query import Watch

NAMES = {
    "orders": "Orders",
    "refunds": "Refunds",
    "downloads": "Downloads",
    "discord": "Discord members",
    "showcases": "Showcases",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One source in words."""

    name: str
    through: str
    age: str
    expected: str


COLUMNS = (
    Column("Source", lambda row: row.name, 126, stretch=True),
    Column("Through", lambda row: row.through, 84, right=True, quiet=True),
    Column("Age", lambda row: row.age, 120, right=True, chip=True),
    Column("Expected", lambda row: row.expected, 64, right=True, quiet=True),
)


class SourcesPanel(QObject):
    """Reads the dashboard's answer; nothing of its own is asked."""

    noted = Signal()

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self.table = RecordTable(COLUMNS, "Sources", whole=True)
        self.widget: QWidget = self.table
        self.setParent(self.widget)
        self._watch: Watch | None = None
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self.refresh)
        console.figures_changed.connect(self.refresh)
        console.time.changed.connect(self._rewatch)
        self._rows: list[Row] = []

    def note(self) -> Note:
        """How many are late."""
        sample = self._console.dashboard().sample
        if sample is None:
            return Note()
        if self._console.quality() in {Quality.STALE, Quality.DISCONNECTED}:
            return Note("not live", "stale")
        late = sum(status.late for status in sample.value.data_through.values())
        return Note(f"{late} late", "late") if late else Note("all in time")

    def menu(self) -> list[QAction]:
        """Nothing of its own."""
        return []

    def set_visible(self, visible: bool) -> None:
        """Count ages only while somebody can see them."""
        self._second.start() if visible else self._second.stop()
        if self._watch is None:
            self._watch = self._console.dashboard().watch(visible=visible)
        self._watch.set_visible(visible)
        if visible:
            self.refresh()

    def _rewatch(self) -> None:
        if self._watch is not None:
            visible = self._watch.visible
            self._watch.close()
            self._watch = self._console.dashboard().watch(visible=visible)

    def refresh(self) -> None:
        """Show what is known now."""
        rows = self._read()
        if rows != self._rows:
            self._rows = rows
            self.table.renew_rows(rows)
        self.noted.emit()

    def _read(self) -> list[Row]:
        console = self._console
        sample = console.dashboard().sample
        if sample is None:
            return []
        elapsed = 0.0 if console.time.as_of else console.figures_elapsed() or 0.0
        stale = console.quality() in {Quality.STALE, Quality.DISCONNECTED}
        rows = []
        for source, status in sample.value.data_through.items():
            through = status.data_through
            expected = age_words(status.expected_within_seconds)
            name = NAMES.get(str(source), str(source))
            if through is None:
                rows.append(Row(name, "–", "never heard", expected))
                continue
            age = age_words((sample.as_of - through).total_seconds() + elapsed)
            shown = f"stale · {age}" if stale else f"late · {age}" if status.late else age
            today = through.astimezone(UTC).date() == console.shown_at.astimezone(UTC).date()
            rows.append(Row(name, f"{through:%H:%M:%S}" if today else f"{through:%d %b}", shown, expected))
        return rows
