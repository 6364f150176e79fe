"""People's requests, what falls due first on top; which of them are listed is chosen above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout

from app.core.errors import OperationsError, ProblemAnswer
from app.privacy.domain import RequestView
from models.core.paging import PAGE_MOST
from models.core.wording import counted
from models.privacy.requests import RequestType
from views.kit.panel import Note
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.privacy.privacy_panel import PrivacyPanel
from views.privacy.request_table import RequestTable
from views.privacy.wording import is_stuck

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from PySide6.QtGui import QAction

    from app.core.query import Query
    from models.privacy.requests import RequestFigures
    from views.kit.capability import Window

TABS = {
    RequestView.OPEN: "Open",
    RequestView.ACCESS: "Access",
    RequestView.DELETION: "Erasure",
    RequestView.OTHER: "Other",
    RequestView.MINE: "Mine",
    RequestView.CLOSED: "Closed",
}
NOTHING = {
    RequestView.OPEN: "No request is open.",
    RequestView.MINE: "None is yours. C takes the one at the cursor.",
    RequestView.CLOSED: "None was closed yet.",
}
TICK_MS = 30_000
"""What is left of a clock is said to the minute."""


class RequestsPanel(PrivacyPanel):
    """The list with its tabs."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.tabs = {view: Pill(words, Look.OUTLINE, name=words) for view, words in TABS.items()}
        for view, pill in self.tabs.items():
            pill.clicked.connect(lambda _=False, each=view: self.desk.show(each))
        self.late = QLabel()
        self.late.setAccessibleName("Late")
        self.paused = Pill("", Look.HATCHED, button=True, name="All runs are paused")
        self.paused.clicked.connect(lambda: self.console.actions.execute("privacy.pause-all"))
        self.paused.hide()
        self.field = QLineEdit()
        self.field.setPlaceholderText("PR-0012")
        self.field.setAccessibleName("Reference of a request")
        self.field.setMaximumWidth(current().px(96))
        self.field.returnPressed.connect(self._search)
        self.table = RequestTable(self.console.clock.now)
        self.table.moved.connect(self.desk.choose)
        self.table.activated_row.connect(lambda _row: self.window.open_panel("privacy.request"))
        bar = Flow(*self.tabs.values(), self.field, self.paused, self.late, right=self.field, gap=WIDE_GAP)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((bar, 0), (self.state, 0), (self.table, 1)):
            column.addWidget(part, stretch)
        self.widget.setFocusProxy(self.table)
        self._turn = QTimer(self, interval=TICK_MS)
        self._turn.timeout.connect(self.refresh)
        self.begin(self.desk.privacy.figures(), self.desk.privacy.approvals(), self.desk.privacy.switch())

    def queries(self) -> Sequence[Query[Any]]:
        return (self.desk.list_query,)

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()

    def own_note(self) -> Note:
        """How many are open, and how old the answer is."""
        note, figures = super().own_note(), self.desk.figures
        if figures is None:
            return note
        return Note(f"{figures.open:,} open \N{MIDDLE DOT} {note.text}", note.kind)

    def own_menu(self) -> list[QAction]:
        """What can be done with the request at the cursor, and with all."""
        known = ("new", "claim", "person", "verify", "close", "link", "unlink", "pause-all")
        return self.entries(f"privacy.{verb}" for verb in known)

    # --- what operators do -------------------------------------------------------------------------------------------

    def move(self, step: int) -> None:
        """Put the cursor on the next one, or the one before."""
        self.table.setFocus()
        self.table.step(step)

    def find(self) -> None:
        """Ask for a reference."""
        self.field.setFocus()
        self.field.selectAll()

    def _search(self) -> None:
        reference = self.field.text().strip()
        if reference:
            self.console.tasks.start(self._found(reference), name="find a privacy request")

    async def _found(self, reference: str) -> None:
        try:
            found = await self.desk.privacy.find(reference)
        except ProblemAnswer as error:
            words = error.problem.errors[0].message if error.problem.errors else str(error)
            self.console.messages.post(f"{reference}: {words}.", "error")
            return
        except OperationsError as error:
            self.console.messages.post(f"Not found: {error}", "error")
            return
        if found is None:
            self.console.messages.post(f"There is no request {reference}.")
            return
        self.desk.choose(found.request_id)
        self.field.clear()
        self.table.setFocus()

    # --- drawing -----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the newest answer."""
        rows, figures = self.desk.requests, self.desk.figures
        cut = f"The first {len(rows):,} are listed; find others by their reference." if len(rows) >= PAGE_MOST else ""
        empty = NOTHING.get(self.desk.view, "None of these is open.")
        self.say_state(cut if rows else empty)
        for view, pill in self.tabs.items():
            count = None if figures is None else self._count(figures, view)
            words = TABS[view] if count is None else f"{TABS[view]} {count:,}"
            pill.set(words, Look.SELECTED if view is self.desk.view else Look.OUTLINE)
        if figures is not None:
            internal = f"<b>{figures.past_internal:,}</b> past internal date"
            stuck = sum(map(is_stuck, rows))
            failed = f" &nbsp; <b>{stuck:,}</b> failed" if stuck else ""
            self.late.setText(f"{internal} &nbsp; <b>{figures.past_due:,}</b> past legal date{failed}")
            late = counted(figures.past_internal, "request")
            self.late.setAccessibleDescription(
                f"{late} past the internal date, {figures.past_due:,} past the legal one"
            )
        stopped = figures is not None and figures.paused_all
        self.paused.set("All runs are paused")
        self.paused.setVisible(stopped)
        self.table.renew(rows, self.desk.request_id)

    @staticmethod
    def _count(figures: RequestFigures, view: RequestView) -> int | None:
        match view:
            case RequestView.OPEN:
                return figures.open
            case RequestView.MINE:
                return figures.mine
            case RequestView.CLOSED:
                return None
            case RequestView.OTHER:
                kinds = (RequestType.RECTIFICATION, RequestType.RESTRICTION)
                return sum(figures.by_type.get(kind, 0) for kind in kinds)
            case _:
                return figures.by_type.get(RequestType(view), 0)
