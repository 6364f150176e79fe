"""The ten figures. Painted before anything heavy is imported, from the last picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.alerts import Alerts
from app.core.freshness import Quality
from views.kit.panel import Note
from views.kit.theme import current
from views.kit.widgets.figure import FigureTile

if TYPE_CHECKING:
    from app.console import Console
    from app.core.query import Watch

TILES = 10


class _Grid(QWidget):
    """Tiles in as many columns as there is room for."""

    def __init__(self, tiles: list[FigureTile]) -> None:
        super().__init__()
        self._tiles = tiles
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 8, 8, 8)
        self._grid.setSpacing(8)
        self.arrange(5)

    def minimumSizeHint(self) -> QSize:
        # In one column: with those it has now it could become wider with a larger font, but never narrow again.
        return QSize(self._tiles[0].minimumSizeHint().width() + 16, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        least = self._tiles[0].minimumSizeHint().width() + 8
        fitting = next((n for n in (5, 4, 3, 2) if n * least + 8 <= event.size().width()), 1)
        self.arrange(fitting)
        self.even()

    def even(self) -> None:
        """Write all values at the size that fits the longest one."""
        points = min(tile.fitting_points() for tile in self._tiles)
        for tile in self._tiles:
            if tile.points != points:
                tile.points = points
                tile.update()

    def arrange(self, columns: int) -> None:
        """Lay out anew when the number of columns changed."""
        if columns == self._columns:
            return
        self._columns = columns
        for index, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, index // columns, index % columns)
        for column in range(TILES):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


class FiguresPanel(QObject):
    """All figures with value, age, change, limit and trend; a tile opens the rows behind it."""

    opened = Signal(object)
    """Name of the figure whose rows are wanted."""
    noted = Signal()

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self.tiles = [FigureTile() for _ in range(TILES)]
        for tile in self.tiles:
            tile.opened.connect(self.opened)
        self._grid = _Grid(self.tiles)
        self.widget: QWidget = self._grid
        self.setParent(self.widget)
        self.widget.setAccessibleName("Figures")
        self._watch: Watch | None = None
        self._scale = 0.0
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self.refresh)
        console.figures_changed.connect(self.refresh)
        console.mutations.changed.connect(self.refresh)
        console.link.changed.connect(self.refresh)
        console.time.changed.connect(self._rewatch)
        current().changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the newest figures and their ages."""
        console, figures = self._console, self._console.figures
        if figures is None:
            return
        now, elapsed = console.clock.now().timestamp(), console.figures_elapsed()
        quality = console.quality()
        if figures.degraded and quality is Quality.FRESH:
            quality = Quality.STALE
        others, pending = False, self._pending()
        for tile, shown in zip(self.tiles, figures.figures, strict=False):
            marked = f"{shown.breach} · pending" if shown.breach else "pending"
            figure = replace(shown, breach=marked, severity=shown.severity or "P4") if shown.name in pending else shown
            others = others or tile.figure != figure
            age = figures.age(figure, now, elapsed)
            tile.set_figure(figure, quality, age)
        scale = current().font_scale
        if others or scale != self._scale:  # every second only ages are others: nothing to measure
            self._scale = scale
            self._grid.even()
        self.noted.emit()

    def _pending(self) -> set[str]:
        """Figures about whose alerts something was decided that the server has not answered."""
        mutations = self._console.mutations
        sample = self._console.of(Alerts).list().sample if mutations.pending else None
        if sample is None:
            return set()
        return {str(each.figure) for each in sample.value if each.figure and mutations.of(f"alert:{each.id}")}

    def note(self) -> Note:
        """What the range before is, or what is missing."""
        figures = self._console.figures
        if figures is None:
            return Note("no data yet")
        if figures.degraded:
            return Note("the database does not answer; earlier figures", "stale")
        if figures.problems:
            more = f" (+{len(figures.problems) - 1})" if len(figures.problems) > 1 else ""
            return Note(f"⚠ {figures.problems[0]}{more}", "late")
        return Note("change against the range before")

    def menu(self) -> list[QAction]:
        """Open the rows behind each figure."""
        actions = []
        for tile in self.tiles:
            if tile.figure is not None:
                action = QAction(f"Rows behind “{tile.figure.title}”", self)
                action.triggered.connect(lambda _=False, name=tile.figure.name: self.opened.emit(name))
                actions.append(action)
        return actions

    def set_visible(self, visible: bool) -> None:
        """Poll only while somebody can see it."""
        if visible:
            self._second.start()
            self.refresh()
        else:
            self._second.stop()
        if self._watch is None:
            self._watch = self._console.dashboard().watch(visible=visible)
        self._watch.set_visible(visible)

    def _rewatch(self) -> None:
        if self._watch is not None:
            visible = self._watch.visible
            self._watch.close()
            self._watch = self._console.dashboard().watch(visible=visible)
        self.refresh()
