"""Edit who hears of what, as one change with one reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from app.deliveries.domain import change_routes
from models.core.wording import counted
from views.deliveries.connection_dialogs import paragraph
from views.deliveries.route_grid import RouteGrid, columns_of
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from models.deliveries.connections import Connection
    from models.deliveries.routing import RouteMap

WIDEST = 900


class RoutesDialog(DecidingDialog):
    """The grid, to be changed: arrows move, Space goes to the next mode of a cell."""

    def __init__(self, console: Console, before: RouteMap, connections: Sequence[Connection], parent: QWidget) -> None:
        super().__init__("Edit who hears of what", console.tasks, parent, accept="Change", hint="Why")
        self._console, self._before = console, before
        self.column.addWidget(
            paragraph(
                "Space or a click: at once, once a day at 08:00 UTC, not at all. Arrows go from cell to cell. It holds "
                "for everybody, from the next message on; a second factor is asked for."
            )
        )
        self.grid = RouteGrid(editable=True)
        self.grid.show_routes(columns_of(connections, before, offered=True), before)
        self._was = dict(self.grid.modes)
        area = QScrollArea()
        area.setWidget(self.grid)
        self.grid.moved.connect(area.ensureVisible)
        room = self.grid.sizeHint()
        area.setMinimumSize(min(room.width() + 4, current().px(WIDEST)), room.height() + current().px(18))
        self.column.addWidget(area)
        self.said = QLabel()
        self.column.addWidget(self.said)
        self.column.addWidget(self.words)
        self.grid.edited.connect(self._count)
        self._count()
        self.grid.setFocus()

    def _count(self) -> None:
        self.said.setText(f"{counted(self.changes, 'change', 'changes')}")

    @property
    def changes(self) -> int:
        """How many cells are different now."""
        cells = self._was.keys() | self.grid.modes.keys()
        return sum(self._was.get(cell) != self.grid.modes.get(cell) for cell in cells)

    def submit(self) -> None:
        """Change the map."""
        if not self.changes:
            self.fail("Nothing was changed yet.", self.grid)
            return
        words = self.checked_words()
        if words is not None:
            routes = self.grid.requests
            self.send(lambda: change_routes(self._console.mutations, self._before, routes, words))
