"""Feeds an axis: the entries of an incident by lane, its alerts, and how many there are where none is loaded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from views.incidents.axis_data import Lanes, burning, density, stages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.incidents.timeline import Timeline
    from models.incidents.timeline import TimelineEntry
    from views.incidents.axis import Axis
    from views.incidents.following import IncidentFollower

STRETCHES = 120
ENTRIES = 200
"""As many as a page of the timeline has."""
REST_MS = 150
"""While somebody zooms or moves, the server is asked once it rests so long."""


class TimelineSource(QObject):
    """Between a panel and its axis."""

    def __init__(self, panel: IncidentFollower, axis: Axis) -> None:
        super().__init__(axis)
        self._panel, self._axis = panel, axis
        self.timeline: Timeline | None = None
        self._lanes = Lanes()
        self._resting = QTimer(self, singleShot=True, interval=REST_MS)
        self._resting.timeout.connect(self._ask_density)
        panel.desk.range_changed.connect(self._resting.start)

    def follow_chosen(self, *, everything: bool = False) -> None:
        """Take the timeline of the chosen incident, or with all that was decided anywhere at the time."""
        panel, known = self._panel, self._panel.desk.incident_id
        if self.timeline is not None:
            self.timeline.reset.disconnect(self._reset)
            self.timeline.grown.disconnect(self._grown)
            self.timeline.grown_on_top.disconnect(self._grown_on_top)
        self.timeline = panel.domain.timeline(known, story=not everything) if known else None
        if self.timeline is not None:
            self.timeline.reset.connect(self._reset)
            self.timeline.grown.connect(self._grown)
            self.timeline.grown_on_top.connect(self._grown_on_top)
        panel.ask("timeline", self.timeline.query if self.timeline is not None else None)
        panel.ask("alerts", panel.domain.alerts(known) if known else None)
        panel.ask("density", None)
        self._axis.show_density(())
        self._reset()

    def _reset(self) -> None:
        self._lanes = Lanes()
        self._put(self.timeline.entries if self.timeline is not None else ())

    def _grown(self) -> None:
        """The newest page has more or says something else; of older ones only what is looked at is changed."""
        if self.timeline is not None:
            self._put(self.timeline.entries[-2 * ENTRIES :])

    def _grown_on_top(self, count: int) -> None:
        if self.timeline is not None:
            self._put(self.timeline.entries[:count])

    def _put(self, entries: Iterable[TimelineEntry]) -> None:
        for entry in entries:
            self._lanes.put(entry)
        self.show()
        self._resting.start()

    def show(self) -> None:
        """Draw what is known now."""
        incident = self._panel.incident
        self._axis.show_incident(
            incident,
            self._lanes.marks,
            () if incident is None else stages(incident),
            burning(self._panel.answer("alerts") or ()),
        )
        found = self._panel.answer("density")
        if found is not None and self.timeline is not None and self.timeline.entries:
            first = self.timeline.entries[0]
            self._axis.show_density(density(found, first.recorded_at.timestamp()))

    def _ask_density(self) -> None:
        """Only where older entries are not loaded is there anything to ask."""
        desk, timeline = self._panel.desk, self.timeline
        if timeline is None or timeline.older is None or not timeline.entries:
            self._panel.ask("density", None)
            self._axis.show_density(())
            return
        if timeline.entries[0].recorded_at.timestamp() <= desk.start:
            return
        start, end = (datetime.fromtimestamp(at // 60 * 60, UTC) for at in (desk.start, desk.end + 60))
        self._panel.ask(
            "density", self._panel.domain.lanes(desk.incident_id, start, end, STRETCHES, story=timeline.story)
        )
