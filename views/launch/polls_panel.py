"""Earlier polls of the launch: what was asked, how it ended, and its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QVBoxLayout

from app.launch.countdown import span_words
from models.core.wording import counted
from views.kit.widgets.table import Column, RecordTable
from views.launch.launch_panel import LaunchPanel
from views.launch.menu import entries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.core.query import Query
    from models.launch.poll import Poll
    from views.kit.capability import Window


def _length(poll: Poll) -> str:
    return "open" if poll.closed_at is None else span_words((poll.closed_at - poll.opened_at).total_seconds())


COLUMNS = (
    Column("Round", lambda poll: str(poll.round), 56, right=True),
    Column("Question", lambda poll: poll.question, 160, stretch=True),
    Column("Opened UTC", lambda poll: f"{poll.opened_at:%m-%d %H:%M}", 96),
    Column("Took", _length, 64, right=True),
    Column("Verdict", lambda poll: str(poll.verdict or ""), 72, weight=600),
    Column("Record", lambda poll: "sealed" if poll.record_ready else "", 64, quiet=True),
)


class PollsPanel(LaunchPanel):
    """A row a poll; the record panel shows the one at the cursor."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.table = RecordTable(COLUMNS, "Earlier polls")
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        self.widget.setFocusProxy(self.table)
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        query = self.desk.polls_query
        return () if query is None else (query,)

    def about(self) -> str:
        return counted(len(self._polls), "poll", "polls")

    def own_menu(self) -> list[Any]:
        """What can be done with its record."""
        return entries(self.console, self.widget, ("launch.verify-record", "launch.save-record"))

    @property
    def _polls(self) -> tuple[Poll, ...]:
        query = self.desk.polls_query
        return query.sample.value if query is not None and query.sample is not None else ()

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        if not self.state.text() and not self._polls:
            self.state.setText("Nobody was asked yet.")
            self.state.show()
        self.table.renew_rows(self._polls)

    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        polls = self._polls
        if index.isValid() and index.row() < len(polls):
            self.desk.poll_id = polls[index.row()].poll_id
            self.desk.changed.emit()
