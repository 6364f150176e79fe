"""My actions: what has not been answered yet, and what was done, with Undo where there is one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QVBoxLayout
from shiboken6 import isValid

from app.core.errors import OperationsError
from app.core.freshness import age_words
from app.core.mutation import READ_AND_GONE
from app.core.outbox import OutboxError, PendingMutation, SettledMutation, State
from views.kit.query_panel import QueryPanel
from views.kit.theme import current
from views.kit.widgets.flow import Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.console import Console

STATES = {
    State.WAITING: "waits to be sent",
    State.HELD: "waits for your second factor",
    State.CONFLICT: "conflict: choose",
    State.REFUSED: "refused",
    State.UNKNOWN: "no answer: may have been done",
    State.UNREADABLE: "cannot be read: not sent",
}
LISTED = 200


class MinePanel(QueryPanel):
    """One table, newest first, what is pending on top."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._done: list[SettledMutation] = []
        self.buttons = {
            "choose": Pill("Choose…", Look.PRIMARY, name="Choose between mine and theirs"),
            "again": Pill("Send again", Look.BUTTON, name="Send it again"),
            "cancel": Pill("Do not send", Look.BUTTON, name="Do not send it"),
            "forget": Pill("Read", Look.BUTTON, name="I have read why"),
            "undo": Pill("Undo", Look.BUTTON, name="Take it back"),
        }
        self.summary = QLabel()
        doing = tuple(self.buttons.values())
        bar = Flow(self.summary, *doing, wide=(self.summary,), together=doing)
        self.table = RecordTable(
            (
                Column("When, UTC", lambda row: f"{_at(row.created_at):%d %b %H:%M:%S}", 96, fits=True),
                Column("What", lambda row: row.title, 140, stretch=True),
                Column("Outcome", self._outcome, 140, stretch=True),
            ),
            "My actions",
        )
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.table, 1)
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self._run(v))
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        console.mutations.changed.connect(self._reload)
        console.mutations.settled.connect(lambda *_: self._reload())
        console.session.changed.connect(self._reload)
        console.last_user.left.connect(self._done.clear)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._age)
        self.use()
        self._reload()

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._second.start() if visible else self._second.stop()
        if visible:
            self._reload()

    # --- showing -------------------------------------------------------------------------------------------------

    def _reload(self) -> None:
        if self._visible:
            self.console.tasks.start(self._load(), name="my actions")
        else:
            self.refresh()

    async def _load(self) -> None:
        try:
            self._done[:] = await self.console.mutations.mine()
        except OutboxError as error:
            self.console.messages.post_once("mine", str(error), "warning")
        if isValid(self):  # the window may have gone meanwhile
            self.refresh()

    def refresh(self) -> None:
        """What waits, then what was done."""
        pending = self.console.mutations.pending
        rows: list[PendingMutation | SettledMutation] = [*reversed(pending), *self._done[:LISTED]]
        chosen = self.chosen
        self.table.renew_rows(rows)
        if chosen is not None:
            again = next((n for n, row in enumerate(rows) if row.key == chosen.key), None)
            self.table.selectRow(again) if again is not None else self.table.clearSelection()
        self._age()
        self._enable()

    def _age(self) -> None:
        pending = self.console.mutations.pending
        now = self.console.clock.now().timestamp()
        oldest = max((now - mutation.created_at for mutation in pending), default=0.0)
        words = (
            f"{len(pending)} pending, the oldest for {age_words(max(0.0, oldest))}" if pending else "Nothing pending"
        )
        self.summary.setText(words)
        current().set_font(self.summary, 10, 600 if pending else 400)

    @property
    def chosen(self) -> PendingMutation | SettledMutation | None:
        """The chosen row."""
        rows, records = self.table.selectionModel().selectedRows(), self.table.records.rows
        found: PendingMutation | SettledMutation | None = (
            records[rows[0].row()] if rows and rows[0].row() < len(records) else None
        )
        return found

    def _outcome(self, row: PendingMutation | SettledMutation) -> str:
        if isinstance(row, SettledMutation):
            words = "taken back" if row.undone else row.outcome
            return f"{words}: {row.detail}" if row.detail and not row.undone else words
        words = STATES[row.state]
        if row.state is State.WAITING and row.attempts:
            words = "sent, not answered yet"
        return f"{words}. {row.detail}" if row.detail else words

    # --- doing ---------------------------------------------------------------------------------------------------

    def _blocker(self, verb: str) -> str | None:
        row = self.chosen
        if row is None:
            return "choose a row first"
        if isinstance(row, SettledMutation):
            if verb != "undo":
                return "it has ended"
            return None if row.undo is not None and not row.undone else "this cannot be taken back"
        fits = {
            "choose": row.state is State.CONFLICT,
            "again": row.state in {State.HELD, State.UNKNOWN, State.REFUSED},
            "cancel": row.state in {State.WAITING, State.HELD} and not (row.state is State.WAITING and row.attempts),
            "forget": row.state in READ_AND_GONE,
            "undo": False,
        }
        return None if fits[verb] else "not for what this row waits for"

    def _enable(self) -> None:
        for verb, pill in self.buttons.items():
            reason = self._blocker(verb)
            pill.setEnabled(reason is None)
            pill.setToolTip(reason or "")
            pill.setAccessibleDescription(reason or "")

    def _run(self, verb: str) -> None:
        row = self.chosen
        if row is None or self._blocker(verb) is not None:
            return
        mutations = self.console.mutations
        match verb:
            case "choose" if isinstance(row, PendingMutation):
                from views.kit.dialogs.conflict import ConflictDialog

                ConflictDialog(self.console, row, self.widget.window()).open()
            case "again":
                self._start(lambda: mutations.again(row.key))
            case "cancel":
                self._start(lambda: mutations.cancel(row.key))
            case "forget":
                self._start(lambda: mutations.forget(row.key))
            case "undo" if isinstance(row, SettledMutation):
                self._start(lambda: mutations.undo(row))

    def _start(self, doing: Callable[[], Awaitable[Any]]) -> None:
        self.console.tasks.start(self._do(doing), name="my action")

    async def _do(self, doing: Callable[[], Awaitable[Any]]) -> None:
        try:
            await doing()
        except OperationsError as error:
            self.console.messages.post(str(error), "error")
        await self._load()


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
