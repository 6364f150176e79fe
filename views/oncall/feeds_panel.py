"""Calendars for calendar programs: made here, their address is shown once, and they can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.core.freshness import age_words
from app.oncall.domain import MANAGE, VIEW, OnCall
from models.core.wording import counted
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.oncall.desk import Desk

if TYPE_CHECKING:
    from models.oncall.rosters import Feed
    from views.kit.capability import Window


class FeedsPanel(QueryPanel):
    """A list of calendars that are in use."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.desk, self._domain = window, window.shared(Desk), console.of(OnCall)
        self._query, self._load = self._domain.feeds(), self._domain.load()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the calendars")
        self.table = RecordTable(self._columns(), "Calendar feeds")
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())
        self.zone = QLabel()
        self.zone.setWordWrap(True)
        self.zone.setContentsMargins(12, 4, 12, 4)
        self.zone.setAccessibleName("Your time zone")
        self.buttons = {
            "oncall.new-feed": Pill("New calendar…", Look.PRIMARY, name="New calendar feed", key="F"),
            "oncall.revoke-feed": Pill("Switch off…", Look.BUTTON, name="End the calendar", key="X"),
            "oncall.zone": Pill("My time zone…", Look.BUTTON, name="Say in which time zone you live", button=True),
        }
        for known, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, k=known: console.actions.execute(k))
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in (
            (self.state, 0),
            (self.table, 1),
            (self.zone, 0),
            (Flow(*self.buttons.values(), gap=WIDE_GAP), 0),
        ):
            column.addWidget(part, stretch)
        column.insertStretch(2, 0)
        self.widget.setFocusProxy(self.table)
        self.use(self._query, self._load)

    def _columns(self) -> tuple[Column, ...]:
        now = self.console.clock.now

        def read(feed: Feed) -> str:
            return "never read" if feed.read_at is None else f"{age_words((now() - feed.read_at).total_seconds())} ago"

        return (
            Column("For", lambda feed: feed.purpose, 110, weight=600, stretch=True),
            Column("Holds", self._holds, 120),
            Column("Ends in", lambda feed: f"…{feed.last_four}", 66, mono=True),
            Column("Read", read, 86, right=True, quiet=True),
        )

    def _holds(self, feed: Feed) -> str:
        if feed.team is not None:
            return f"Team {str(feed.team).capitalize()}"
        return "My shifts" if feed.person == self._domain.me() else feed.person_name or "shifts"

    def own_note(self) -> Note:
        """How many there are."""
        note = super().own_note()
        if self._query.sample is None:
            return note
        return Note(f"iCalendar, read only · {counted(len(self.feeds), 'calendar')} · {note.text}", note.kind)

    @property
    def feeds(self) -> list[Feed]:
        """Those that answer."""
        sample = self._query.sample
        return [feed for feed in (sample.value if sample is not None else ()) if feed.revoked_at is None]

    @property
    def chosen(self) -> Feed | None:
        """The one under the cursor."""
        row, rows = self.table.currentIndex().row(), self.table.records.rows
        found: Feed | None = rows[row] if 0 <= row < len(rows) else None
        return found

    def refresh(self) -> None:
        """Show the newest answer."""
        self.table.renew_rows(self.feeds)
        if self.feeds and not self.table.currentIndex().isValid():
            self.table.selectRow(0)
        sample, words = self._query.sample, ""
        if sample is None:
            failed = self._query.error is not None
            words = f"Not loaded: {self._query.error}" if failed else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%a %H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not self.feeds:
            words = (
                "No calendar yet. “New calendar…” makes one for your calendar program, of your own shifts or a team’s: "
                "times in UTC, kept up to date, read only."
            )
        self.state.setText(words)
        self.state.setVisible(bool(words))
        self.table.setVisible(bool(self.feeds))
        load, me = self._load.sample, self._domain.me()
        mine = next((each.zone for each in load.value.people if each.person == me), "") if load is not None else ""
        self.zone.setText(f"Your nights and weekends are counted in {mine}." if mine else "")
        self.zone.setVisible(bool(mine))
        self._show_buttons()

    def _show_buttons(self) -> None:
        for known, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(known)))

    def revoke_blocker(self) -> str | None:
        """Why the one under the cursor cannot be ended; ``None`` when it can."""
        feed = self.chosen
        if feed is None:
            return "there is no calendar"
        mine = {feed.person, feed.created_by}
        if self._domain.me() not in mine and not self.console.session.may(MANAGE):
            return "only those who manage on-call end calendars of others"
        return self.console.write_blocker(VIEW, irreversible=True)
