"""The calendar of rosters with its filters, the zones it can be read in, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.oncall.calendar import Bar, Calendar, Kind, Row, Wrong, calendar_of
from app.oncall.domain import VIEW, OnCall
from app.oncall.wording import wrong_words
from app.oncall.zones import city
from models.core.wording import counted
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.remarks import Remarks
from views.oncall import calendar_paint as paint
from views.oncall.calendar_view import CalendarView, window_days
from views.oncall.desk import Desk

if TYPE_CHECKING:
    from datetime import datetime

    from app.core.query import Query
    from models.oncall.rosters import RosterBoard
    from models.oncall.schedules import Override
    from views.kit.capability import Window

TURN_MS = 10_000
WEEKS = {2: "Two weeks", 5: "Month"}
FARTHEST = 26
"""Weeks that can be looked ahead and back."""
ALL, MINE, WRONG = "All", "Mine", "Only what is wrong"


class CalendarPanel(FollowingPanel):
    """Rows of all schedules over two weeks or a month."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.desk, self._domain = window, window.shared(Desk), console.of(OnCall)
        self.first_week, self.weeks, self.shown = 0, 2, ALL
        self._roster: Query[RosterBoard] = self._domain.roster()
        self._swaps = self._domain.swaps()
        self.calendar = Calendar()
        self._make()
        self._lay_out()
        self.desk.schedule_shown.connect(self.show_schedule)
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self.refresh)
        self.use(self._roster, self._swaps)

    def _make(self) -> None:
        console = self.console
        self.spans = {weeks: Pill(words, Look.OUTLINE, name=words) for weeks, words in WEEKS.items()}
        for weeks, pill in self.spans.items():
            pill.clicked.connect(lambda _=False, w=weeks: self.show_weeks(w))
        self.filters = {name: Pill(name, Look.OUTLINE, name=name) for name in (ALL, MINE, WRONG)}
        for name, pill in self.filters.items():
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        self.summary = Remarks("What is wrong")
        self.earlier = Pill("\N{LEFTWARDS ARROW}", Look.OUTLINE, name="Earlier", key="[")
        self.present = Pill("Now", Look.OUTLINE, name="Show this week")
        self.later = Pill("\N{RIGHTWARDS ARROW}", Look.OUTLINE, name="Later", key="]")
        self.earlier.clicked.connect(lambda: self.move(-1))
        self.present.clicked.connect(lambda: self.move(0))
        self.later.clicked.connect(lambda: self.move(1))
        self.zones: dict[str, Pill] = {}
        self.override = Pill("Override…", Look.BUTTON, name="Add an override", key="O")
        self.override.clicked.connect(lambda: console.actions.execute("oncall.override"))
        self.swap = Pill("Ask for a swap…", Look.BUTTON, name="Ask for a swap", key="W")
        self.swap.clicked.connect(lambda: console.actions.execute("oncall.ask-swap"))
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 4, 12, 4)
        self.state.setAccessibleName("State of the calendar")
        self.view = CalendarView(console.clock.now)
        self.view.moved.connect(self._show_buttons)
        self.view.opened.connect(self._open)

    def _lay_out(self) -> None:
        self.bar = Flow(
            *self.spans.values(),
            self.earlier,
            self.present,
            self.later,
            *self.filters.values(),
            self.summary,
            wide=(self.summary,),
            gap=WIDE_GAP,
        )
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addWidget(self.view, 1)
        self.legend = Legend()
        self.foot = Flow(self.legend, self.override, self.swap, wide=(self.legend,))
        column.addWidget(self.foot)
        self.widget.setFocusProxy(self.view)

    # --- panel -------------------------------------------------------------------------------------------------

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()
        if visible:
            QTimer.singleShot(0, self, self._take_focus)

    def _take_focus(self) -> None:
        at = self.widget.window().focusWidget()
        if self.widget.isVisible() and (at is None or not at.isVisible()):
            self.view.setFocus()

    def own_note(self) -> Note:
        """Which days, and how old the answer is."""
        note, days = super().own_note(), self.view.days
        if self._roster.sample is None:
            return note
        first, last = days[0].date, days[-1].date
        words = f"{first.day} {first:%b} to {last.day} {last:%b %Y}"
        return Note(f"{words} · {note.text}", note.kind)

    def own_menu(self) -> list[QAction]:
        """What can be done about schedules."""
        made = []
        for known in ("oncall.new-schedule", "oncall.revise", "oncall.override", "oncall.ask-swap", "oncall.cancel"):
            action = self.console.actions.get(known)
            reason = self.console.actions.reason(action)
            entry = QAction(action.title, self)
            entry.setEnabled(reason is None)
            entry.setToolTip(reason or "")
            entry.triggered.connect(lambda _=False, k=known: self.console.actions.execute(k))
            made.append(entry)
        return made

    def refresh(self) -> None:
        """Show the newest answers."""
        if not self.available:
            return
        sample, now, zone = self._roster.sample, self.console.clock.now(), self.desk.zone
        days = window_days(zone, now, self.first_week, self.weeks)
        if sample is not None and sample.received_mono is None and sample.value.end <= days[-1].start:
            # Kept in another week, and read without the server: it has its own dates.
            days = window_days(zone, sample.as_of, self.first_week, self.weeks)
        if sample is None:
            self.calendar = Calendar()
        else:
            swaps = self._swaps.sample.value if self._swaps.sample is not None else ()
            self.calendar = calendar_of(
                sample.value,
                swaps,
                days[0].start,
                days[-1].end,
                only=self._domain.me() if self.shown == MINE else None,
                only_wrong=self.shown == WRONG,
            )
        self._show_zones(sample.value if sample is not None else None)
        self.view.show_calendar(self.calendar, days, zone, [each for each in self.zones if each != zone])
        self._show_pills(now)
        self._say_state()
        self._show_buttons()

    def _show_pills(self, now: datetime) -> None:
        for name, pill in self.filters.items():
            words = f"{name} {len(self.calendar.wrong)}" if name == WRONG else name
            show_chosen(pill, words, chosen=name == self.shown)
        for weeks, pill in self.spans.items():
            show_chosen(pill, WEEKS[weeks], chosen=weeks == self.weeks)
        explain(self.earlier, None if self.first_week > -FARTHEST else "the calendar goes half a year back")
        explain(self.later, None if self.first_week < FARTHEST else "the calendar goes half a year ahead")
        explain(self.present, None if self.first_week else "this week is shown")
        gaps = [each for each in self.calendar.wrong if each.kind is Kind.GAP]
        twice = [each for each in self.calendar.wrong if each.kind is not Kind.GAP]
        self.summary.say(*self._summary(gaps, "gap", now), *self._summary(twice, "double booking", now))

    def _summary(self, wrong: list[Wrong], called: str, now: datetime) -> tuple[tuple[str, str], ...]:
        if not wrong:
            return ()
        ahead = next((each for each in wrong if each.end > now), wrong[-1])
        return ((counted(len(wrong), called), wrong_words(ahead, self.desk.zone, now)[1]),)

    def _show_zones(self, board: RosterBoard | None) -> None:
        found = {"UTC", self.desk.zone, *(each.zone for each in (board.rosters if board is not None else ()))}
        for zone in sorted(found - self.zones.keys(), key=lambda each: (each != "UTC", each)):
            self.zones[zone] = pill = Pill(city(zone), Look.OUTLINE, name=f"Read in {zone}")
            pill.clicked.connect(lambda _=False, z=zone: self.show_zone(z))
            self.foot.add(pill)
        for zone, pill in self.zones.items():
            show_chosen(pill, city(zone), chosen=zone == self.desk.zone)
            pill.setVisible(zone in found)

    def _say_state(self) -> None:
        sample, words = self._roster.sample, ""
        if sample is None:
            failed = self._roster.error is not None
            words = f"Not loaded: {self._roster.error}" if failed else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%a %d %b %H:%M} UTC. {unheard_words(self.console)}"
        elif not sample.value.rosters:
            words = "There is no schedule yet: nobody is on call. “New schedule…” in this dock’s menu adds the first."
        elif not self.calendar.rows:
            words = "You take turns in no schedule." if self.shown == MINE else "Nothing is wrong in these weeks."
        self.state.setText(words)
        self.state.setVisible(bool(words))

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_only(self, name: str) -> None:
        """Show all schedules, one's own, or those with a gap or a double booking."""
        self.shown = name
        self._renew()

    def show_weeks(self, weeks: int) -> None:
        """Show two weeks or a month."""
        self.weeks = weeks
        self._follow()

    def move(self, step: int) -> None:
        """Go so many windows on; 0 comes back to this week."""
        self.first_week = 0 if step == 0 else max(-FARTHEST, min(FARTHEST, self.first_week + step * self.weeks))
        self._follow()

    def show_zone(self, zone: str) -> None:
        """Show times in another zone."""
        self.desk.zone = zone
        self._renew()

    def _follow(self) -> None:
        before, self._roster = self._roster, self._domain.roster(self.first_week, self.weeks)
        self.follow(before, self._roster)
        self._renew()

    def show_schedule(self, schedule_id: str) -> None:
        """Put the cursor on who is on in a schedule now."""
        self.show_only(ALL)
        now = self.console.clock.now()
        for number, row in enumerate(self.calendar.rows):
            if row.schedule_id == schedule_id and row.kind is Kind.ON and row.bars:
                self.view.choose(number, next((bar for bar in row.bars if bar.end > now), row.bars[-1]))
        self.view.setFocus()

    # --- what is chosen ----------------------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[Row, Bar] | None:
        """The row and the bar under the cursor."""
        return self.view.chosen

    @property
    def chosen_override(self) -> Override | None:
        """The override under the cursor, of its own row or of who is on by it."""
        return self.chosen[1].override if self.chosen is not None else None

    def _show_buttons(self) -> None:
        actions = self.console.actions
        for known, pill in (("oncall.override", self.override), ("oncall.ask-swap", self.swap)):
            explain(pill, actions.reason(actions.get(known)))

    def _open(self) -> None:
        chosen = self.chosen
        if chosen is None:
            return
        if chosen[1].swap is not None:
            self._window.open_panel("oncall.swaps")
        else:
            self.console.actions.execute("oncall.explain")


def show_chosen(pill: Pill, words: str, *, chosen: bool) -> None:
    """Show whether a filter is on, also to those who hear it."""
    pill.set(words, Look.SELECTED if chosen else Look.OUTLINE)
    pill.setAccessibleDescription("shown" if chosen else "")


class Legend(QWidget):
    """What shapes mean, left out one by one where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Who is paged, layer, override, swap asked for, same person twice, nobody")

    def sizeHint(self) -> QSize:
        return QSize(current().px(560), current().px(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(120), current().px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        left, middle = 4.0, self.height() / 2
        for bar, words in paint.legend():
            wide = theme.px(26)
            if left + wide + 8 + theme.width(words, 9) > self.width():
                break
            box = QRectF(left, middle - theme.px(6), wide, theme.px(12))
            paint.draw_shape(painter, bar, box)
            place = QRectF(left + wide + 6, 0, theme.width(words, 9) + 4, self.height())
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
            left = place.right() + theme.px(16)
