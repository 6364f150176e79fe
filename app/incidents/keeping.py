"""Open incidents and what happened in them are kept on this computer, whether anybody has looked at them or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.signals import Signal
from app.incidents.domain import Incidents

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.query import Watch
    from models.alerts import Alert
    from models.incidents import IncidentRecord

KEPT_MOST = 12
"""Incidents whose timelines are followed, the newest first."""


class OpenIncidents:
    """Follows the open incidents for as long as the console lives."""

    changed = Signal()
    """Other incidents are open, or other alerts belong to them."""

    def __init__(self, engine: Engine) -> None:
        self._incidents = engine.of(Incidents)
        self._open = self._incidents.open()
        self._watch: Watch | None = None
        self._watches: dict[str, tuple[Watch, ...]] = {}
        self._attached: dict[str, str] = {}
        """Ids of incidents by those of their alerts."""

    def keep(self) -> None:
        """Begin to follow them."""
        if self._watch is None:
            self._watch = self._open.watch(shown=False)
            self._incidents.found(()).watch(shown=False)  # closed ones are bands of charts
            self._open.changed.connect(self._follow)
            self._follow()

    def _follow(self) -> None:
        sample = self._open.sample
        wanted = [each.incident_id for each in (sample.value if sample is not None else ())][:KEPT_MOST]
        for gone in self._watches.keys() - set(wanted):
            for watch in self._watches.pop(gone):
                watch.close()
        for known in wanted:
            if known not in self._watches:
                self._watches[known] = tuple(query.watch(shown=False) for query in self._queries(known))
                self._incidents.alerts(known).changed.connect(self._attached_changed)
        self._attached_changed()
        self.changed.emit()

    def of_alert(self, alert: Alert) -> IncidentRecord | None:
        """The open incident an alert belongs to."""
        known = self._attached.get(alert.id)
        sample = self._open.sample
        return next((e for e in (sample.value if sample is not None else ()) if e.incident_id == known), None)

    def _attached_changed(self) -> None:
        """Which alert belongs where is looked up for each card: a flood of alerts is gone through once."""
        found: dict[str, str] = {}
        for incident_id in self._watches:
            sample = self._incidents.alerts(incident_id).sample
            found |= {e.id: incident_id for e in (sample.value if sample is not None else ()) if e.ended_at is None}
        if found != self._attached:
            self._attached = found
            self.changed.emit()

    def _queries(self, incident_id: str) -> tuple[Any, ...]:
        domain = self._incidents
        return (
            domain.incident(incident_id),
            domain.story(incident_id).query,
            domain.alerts(incident_id),
            domain.deliveries(incident_id),
        )
