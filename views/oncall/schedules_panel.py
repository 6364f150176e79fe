"""Schedules as they are defined: layers, turns, hand-overs, what must be covered, and their revisions."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout

from app.oncall.definition_text import windows_text
from app.oncall.domain import VIEW, OnCall
from app.oncall.wording import people_words, when
from models.core.wording import counted
from models.oncall.schedules import HolidayRule, TurnCount, TurnUnit
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.oncall.desk import Desk

if TYPE_CHECKING:
    from app.core.query import Query
    from models.oncall.schedules import Layer, Revision, Schedule
    from views.kit.capability import Window

REVISIONS_SHOWN = 12
HOLIDAYS = {HolidayRule.USUAL: "", HolidayRule.OFF: "not on holidays", HolidayRule.ONLY: "only on holidays"}


def turn_words(layer: Layer) -> str:
    """``a week each``, ``12 hours each``."""
    every = layer.every
    match layer.unit:
        case TurnUnit.DAYS if every % 7 == 0:
            length = "a week" if every == 7 else f"{every // 7} weeks"
        case TurnUnit.DAYS:
            length = "a day" if every == 1 else f"{every} days"
        case TurnUnit.HOURS:
            length = "an hour" if every == 1 else f"{every} hours"
        case _:
            length = f"{every} hours of the day"
    return f"{length} each"


class SchedulesPanel(FollowingPanel):
    """A list, and the definition of the one under the cursor."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.desk, self._domain = window, window.shared(Desk), console.of(OnCall)
        self._query = self._domain.schedules()
        self._revisions: Query[tuple[Revision, ...]] | None = None
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the schedules")
        self.table = RecordTable(
            (
                Column("Schedule", lambda one: one.name, 160, weight=600, stretch=True),
                Column("Team", lambda one: str(one.team).capitalize(), 100),
                Column("Layers", lambda one: str(len(one.definition.layers)), 64, right=True),
                Column("Revision", lambda one: str(one.revision), 76, right=True),
            ),
            "Schedules",
        )
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._moved())
        self.detail = QLabel()
        self.detail.setTextFormat(Qt.TextFormat.RichText)
        self.detail.setWordWrap(True)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.detail.setContentsMargins(16, 8, 16, 8)
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setAccessibleName("The schedule in detail")
        area.setWidget(self.detail)
        self.buttons = {
            "oncall.revise": Pill("Edit layers…", Look.BUTTON, name="Edit the layers of the schedule", key="L"),
            "oncall.change-schedule": Pill("Rename or archive…", Look.BUTTON, name="Rename or archive", button=True),
            "oncall.new-schedule": Pill("New schedule…", Look.BUTTON, name="New schedule", key="N"),
        }
        for known, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, k=known: console.actions.execute(k))
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.table, 2)
        row.addWidget(area, 3)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Flow(*self.buttons.values(), gap=WIDE_GAP))
        column.addWidget(self.state)
        column.addLayout(row, 1)
        self.widget.setFocusProxy(self.table)
        self.use(self._query, self._domain.roster())

    def own_note(self) -> Note:
        """How many there are."""
        note = super().own_note()
        if self._query.sample is None:
            return note
        return Note(f"{counted(len(self.desk.schedules), 'schedule')} · {note.text}", note.kind)

    @property
    def chosen(self) -> Schedule | None:
        """The one under the cursor."""
        row, rows = self.table.currentIndex().row(), self.table.records.rows
        found: Schedule | None = rows[row] if 0 <= row < len(rows) else None
        return found

    def choose(self, schedule_id: str) -> None:
        """Put the cursor on a schedule."""
        for number, each in enumerate(self.table.records.rows):
            if each.id == schedule_id:
                self.table.selectRow(number)

    def refresh(self) -> None:
        """Show the newest answer."""
        at = self.chosen
        self.table.renew_rows(self.desk.schedules)
        if self.desk.schedules and not self.table.currentIndex().isValid():
            known = next((n for n, each in enumerate(self.desk.schedules) if at is not None and each.id == at.id), 0)
            self.table.selectRow(known)
        sample, words = self._query.sample, ""
        if sample is None:
            failed = self._query.error is not None
            words = f"Not loaded: {self._query.error}" if failed else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%a %H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not self.desk.schedules:
            words = "There is no schedule yet: nobody is on call. “New schedule…” adds the first."
        self.state.setText(words)
        self.state.setVisible(bool(words))
        self._moved()

    def _moved(self) -> None:
        schedule, before = self.chosen, self._revisions
        self._revisions = None if schedule is None else self._domain.revisions(schedule.id)
        if before is not self._revisions:
            self.follow(before, self._revisions)
        text = "" if schedule is None else self._text(schedule)
        if text != self.detail.text():
            self.detail.setText(text)
        for known, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(known)))

    def _text(self, schedule: Schedule) -> str:
        names, quiet, zone = self._domain.names(), current().tokens.text2, self.desk.zone
        parts = [f'<span style="color: {quiet}">Read in {escape(schedule.zone)}, version {schedule.version}</span>']
        parts += [f"<b>Another revision begins {when(at, zone)}.</b>" for at in schedule.waiting]
        for layer in sorted(schedule.definition.layers, key=lambda each: -each.rank):
            facts = [
                f"{turn_words(layer)}, hand-over {layer.anchor:%a %H:%M} {layer.zone}",
                windows_text(layer.windows).replace("\n", "; ") or "always",
                HOLIDAYS[layer.holidays],
                "only turns that work are counted" if layer.counting is TurnCount.WORKED else "",
                f"from {layer.starts:%d %b %Y %H:%M}" if layer.starts else "",
                f"until {layer.ends:%d %b %Y %H:%M}" if layer.ends else "",
                counted(len(layer.dates), "holiday") if layer.dates else "",
            ]
            turns = ", then ".join(people_words(seat, names) for seat in layer.seats)
            parts.append(
                f"<br><b>{escape(layer.name)}</b>, rank {layer.rank}<br>{escape(turns)}<br>"
                f'<span style="color: {quiet}">{escape(" · ".join(fact for fact in facts if fact))}</span>'
            )
        cover = schedule.definition.cover
        if cover is None:
            covered = "Nobody said when somebody must be on: there are no gaps."
        else:
            windows = windows_text(cover.windows).replace("\n", "; ") or "always"
            covered = f"Somebody must be on {windows} ({cover.zone})."
        parts.append(f"<br><b>Cover</b><br>{escape(covered)}")
        revisions = self._revisions.sample.value if self._revisions is not None and self._revisions.sample else ()
        if revisions:
            parts.append("<br><b>Revisions</b>")
            for each in revisions[:REVISIONS_SHOWN]:
                parts.append(
                    f"{each.revision} from {when(each.effective_at, zone)} · {escape(each.reason or 'as it began')}"
                )
        return "<br>".join(parts)
