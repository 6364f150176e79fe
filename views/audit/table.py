"""The list of entries: a row for each position of the log, loaded around what is seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent

from models.core.formatting import grouped
from views.audit.wording import short, title, who
from views.kit.theme import current
from views.kit.widgets.table import PAD, Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.audit.log import AuditLog
    from models.audit import AuditLogEntry

UNLOADED = "…"
STRIP = 16
"""Height of the line between what is sealed and what is not yet."""


class Rows(Sequence[Any]):
    """The log as a list of its entries; ``None`` where one is not loaded."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def __len__(self) -> int:
        return self._log.count

    @overload
    def __getitem__(self, index: int) -> AuditLogEntry | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._log.entry(row) for row in range(*index.indices(len(self)))]
        return self._log.entry(index)


def columns(now: Callable[[], datetime]) -> tuple[Column, ...]:
    """Position, instant, who, what."""

    def if_loaded(of: Callable[[Any], str]) -> Callable[[Any], str]:
        return lambda entry: UNLOADED if entry is None else of(entry)

    return (
        Column("Position", if_loaded(lambda e: grouped(e.position)), 64, right=True, mono=True, quiet=True, fits=True),
        Column("At, UTC", if_loaded(lambda e: short_instant(e.at, now())), 72, fits=True),
        Column("By", if_loaded(short), 44, fits=True),
        Column("What happened", if_loaded(title), 96, stretch=True),
    )


def short_instant(at: datetime, now: datetime) -> str:
    """Without what is the same as today."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    day, time = at.date(), at.isoformat(sep=" ", timespec="seconds")[11:19]
    if day == now.date():
        return time
    return f"{_day(day)} {time}" if day.year == now.year else f"{day} {time[:5]}"


@lru_cache(maxsize=400)
def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


class AuditTable(RecordTable):
    """The list, with a line where the seal begins."""

    looked_at = Signal(int, int)
    """First and last row that are seen."""

    # Qt asks for sizes while the constructor of the base class still runs.
    _divider = -1

    def __init__(self, log: AuditLog, now: Callable[[], datetime]) -> None:
        super().__init__(columns(now), "Audit log")
        # What people decide stands out from the deliveries that come in all day.
        self.is_quiet = lambda entry: entry is not None and entry.action.endswith(".ingested")
        self._log = log
        self.rows = Rows(log)
        self.set_rows(self.rows)
        log.reset.connect(self._reset)
        log.grown.connect(self._grown)
        log.changed.connect(self._changed)
        self.verticalScrollBar().valueChanged.connect(self._look)

    @property
    def at_top(self) -> bool:
        """Whether the newest row is seen."""
        return self.verticalScrollBar().value() == 0

    @property
    def pointed_at(self) -> bool:
        """Whether somebody's eyes are on a row: nothing may move under them."""
        return (self.hasFocus() and self.currentIndex().isValid()) or self.hovered >= 0

    def set_divider(self, row: int) -> None:
        """Say above which row the seal ends; -1: nowhere. It waits while it would move the row somebody is at."""
        if row == self._divider:
            return
        between = range(min(row, self._divider), max(row, self._divider))
        if self._divider >= 0 and any(at in between for at in (self.hovered, self.currentIndex().row())):
            return
        high = self.verticalHeader().defaultSectionSize()
        if 0 <= self._divider < self.records.rowCount():
            self.setRowHeight(self._divider, high)
        self._divider = row if 0 <= row < self.records.rowCount() else -1
        if self._divider >= 0:
            self.setRowHeight(self._divider, high + self._strip())
        self.viewport().update()

    def _strip(self) -> int:
        theme = current()
        return max(theme.px(STRIP), round(theme.height(9)) + 4)

    def top_of(self, row: int) -> int:
        return super().top_of(row) + (self._strip() if row == self._divider else 0)

    def restyle(self) -> None:
        super().restyle()
        self.setMinimumHeight(self.horizontalHeader().height() + 2 * self.verticalHeader().defaultSectionSize())
        if self._divider >= 0:
            divider = self._divider
            self.verticalHeader().reset()
            self._divider = -1
            self.set_divider(divider)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._divider < 0:
            return
        top, high = self.rowViewportPosition(self._divider), self._strip()
        if top + high < 0 or top > self.viewport().height():
            return
        theme, words = current(), "sealed from here down"
        painter = QPainter(self.viewport())
        painter.fillRect(0, top, self.viewport().width(), high, QColor(theme.tokens.sunken))
        painter.setFont(theme.font(9))
        painter.setPen(QColor(theme.tokens.text2))
        painter.drawText(PAD, top, self.viewport().width(), high, Qt.AlignmentFlag.AlignVCenter, words)
        left = 2 * PAD + round(theme.width(words, 9))
        line = QColor(theme.tokens.control_border)
        painter.fillRect(left, top + high // 2, max(0, self.viewport().width() - left - PAD), 1, line)

    # --- rows --------------------------------------------------------------------------------------------------

    def _reset(self) -> None:
        self._divider = -1
        self.set_rows(self.rows)
        self.scrollToTop()
        self._look()

    def _grown(self, count: int) -> None:
        divider = self._divider
        if divider >= 0:
            self.setRowHeight(divider, self.verticalHeader().defaultSectionSize())
        self._divider = -1
        self.records.grown_on_top(count)
        if divider >= 0:
            self.set_divider(divider + count)
        self._look()

    def _changed(self) -> None:
        if len(self.rows) < self.records.rowCount():
            self._reset()
            return
        self.records.grown()
        self.renew_rows(self.rows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look()

    def _look(self) -> None:
        if not self.isVisible():
            return
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        self.looked_at.emit(first, last if last >= 0 else first + self.viewport().height() // 20)

    # --- people ------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Home and self.records.rowCount():
            self.setCurrentIndex(self.records.index(0, 0))
        elif event.key() == Qt.Key.Key_End and self.records.rowCount():
            self.setCurrentIndex(self.records.index(self.records.rowCount() - 1, 0))
        else:
            super().keyPressEvent(event)

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at: the whole name, the whole sentence."""
        entry = self._log.entry(index.row()) if index.isValid() else None
        if entry is None:
            return ""
        return {0: entry.id, 1: f"{entry.at:%Y-%m-%d %H:%M:%S.%f} UTC", 2: who(entry)}.get(index.column(), title(entry))
