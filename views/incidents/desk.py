"""What panels about incidents have in common in one window: which incident, which instant, which stretch of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.incidents.domain import Incidents
from views.incidents.wording import is_open

if TYPE_CHECKING:
    from app.core.query import Query, Watch
    from models.incidents import IncidentRecord
    from models.incidents.timeline import TimelineEntry
    from views.kit.capability import Window

ROOM, PANEL = "incidents.room", "incidents.incident"
BEFORE, AFTER = 0.1, 0.06
"""Room before its beginning and after now, as shares of how long an incident has been going on."""
SHORTEST, LONGEST = 60.0, 14 * 86_400.0
"""Seconds an axis shows."""
FIRST_LEAST = 1_800.0


class Desk(QObject):
    """The chosen incident, the crosshair and the range of the axis."""

    chosen_changed = Signal()
    record_changed = Signal()
    cursor_moved = Signal(object)
    """Epoch seconds under the crosshair, or None."""
    range_changed = Signal()
    entry_chosen = Signal(object)
    """An entry of the timeline was chosen on the axis."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self._window, self.console = window, window.console
        self.domain = self.console.of(Incidents)
        self.incident_id = ""
        self.cursor: float | None = None
        self.start = self.end = 0.0
        self._following = True
        """The range moves on with the clock."""
        self._by_hand = False
        self._record: Query[IncidentRecord] | None = None
        self._watch: Watch | None = None
        self._opened = self.domain.open()
        self._opened.changed.connect(self._list_changed)
        self.console.time.changed.connect(self._time_changed)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._second.start()
        self._list_changed()

    # --- which incident ----------------------------------------------------------------------------------------------

    @property
    def record(self) -> IncidentRecord | None:
        """The chosen incident as it is known."""
        if self._record is not None and self._record.sample is not None:
            return self._record.sample.value
        return next((each for each in self.open_ones if each.incident_id == self.incident_id), None)

    @property
    def query(self) -> Query[IncidentRecord] | None:
        """What asks for the chosen incident."""
        return self._record

    @property
    def open_ones(self) -> tuple[IncidentRecord, ...]:
        """The incidents that are worked on."""
        return self._opened.sample.value if self._opened.sample is not None else ()

    def choose(self, incident_id: str) -> None:
        """Show another incident."""
        self._by_hand = True
        self._show(incident_id)

    def show_room(self, incident_id: str = "") -> None:
        """Bring the incident to the front, in its workspace."""
        if incident_id:
            self.choose(incident_id)
        self._window.open_panel(PANEL)

    def _show(self, incident_id: str) -> None:
        if incident_id == self.incident_id:
            return
        if self._record is not None:
            self._record.changed.disconnect(self._record_heard)
        if self._watch is not None:
            self._watch.close()
        self.incident_id, self.cursor = incident_id, None
        self._record = self.domain.incident(incident_id)
        self._record.changed.connect(self._record_heard)
        self._watch = self._record.watch(visible=self._is_live)
        self._following, self.start, self.end = True, 0.0, 0.0
        self._fit()
        self.chosen_changed.emit()
        self.record_changed.emit()

    @property
    def _is_live(self) -> bool:
        """Records are of now: while a past instant is looked at, none is asked for here."""
        return self.console.time.as_of is None

    def _time_changed(self) -> None:
        if self._watch is not None:
            self._watch.set_visible(self._is_live)

    def _list_changed(self) -> None:
        """Nothing was chosen by hand: the worst of those that are open is what people look for."""
        if not self._by_hand and self.open_ones:
            self._show(min(self.open_ones, key=lambda each: (each.severity, -each.number)).incident_id)

    def _record_heard(self) -> None:
        if self._record is not None and self._record.sample is not None:
            merged = self._record.sample.value.merged_into
            if merged is not None and not self._by_hand:
                self._show(merged)
                return
        self._fit()
        self.record_changed.emit()

    # --- which instant and stretch -----------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The console's clock."""
        return self.console.clock.now().timestamp()

    def set_cursor(self, at: float | None) -> None:
        """The crosshair of lanes, charts and list."""
        if at != self.cursor:
            self.cursor = at
            self.cursor_moved.emit(at)

    def choose_entry(self, entry: TimelineEntry) -> None:
        """Show an entry in the list."""
        self.entry_chosen.emit(entry)

    def whole(self) -> tuple[float, float]:
        """From a little before its beginning to a little after now, or after its end."""
        incident = self.record
        if incident is None:
            return self.now - FIRST_LEAST, self.now
        begin = min(incident.started_at, incident.detected_at).timestamp()
        over = None if is_open(incident) else incident.resolved_at
        end = over.timestamp() if over is not None else self.now
        span = min(max(end - begin, FIRST_LEAST), LONGEST / 2)
        return end - span * (1 + BEFORE), end + span * AFTER

    def _fit(self) -> None:
        if self._following or not self.end:
            self._set(*self.whole())

    def _tick(self) -> None:
        if self._following and self.record is not None and is_open(self.record):
            start, end = self.whole()
            # A pixel's worth: the axis is not painted anew each second for nothing.
            if abs(end - self.end) > (self.end - self.start) / 1_000:
                self._set(start, end)

    def _set(self, start: float, end: float) -> None:
        if (start, end) != (self.start, self.end):
            self.start, self.end = start, end
            self.range_changed.emit()

    def show_whole(self) -> None:
        """All of it again, moving on with the clock."""
        self._following = True
        self._fit()

    def zoom(self, factor: float, around: float | None = None) -> None:
        """Show a stretch so many times as long; ``around`` stays where it is."""
        middle = (
            around if around is not None else self.cursor if self.cursor is not None else (self.start + self.end) / 2
        )
        long = min(max((self.end - self.start) * factor, SHORTEST), LONGEST)
        share = (middle - self.start) / max(1e-9, self.end - self.start)
        self._following = False
        self._set(middle - share * long, middle + (1 - share) * long)

    def pan(self, share: float) -> None:
        """Move by a share of what is seen."""
        by = (self.end - self.start) * share
        self._following = False
        self._set(self.start + by, self.end + by)
