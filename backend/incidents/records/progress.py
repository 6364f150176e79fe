"""How far an incident has come, and its key times; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final

from models.incidents import IncidentRecord, IncidentStatus

ORDER: Final = tuple(IncidentStatus)
_TIMES: Final = {
    IncidentStatus.ACKNOWLEDGED: "acknowledged_at",
    IncidentStatus.MITIGATED: "mitigated_at",
    IncidentStatus.RESOLVED: "resolved_at",
}
TIMES: Final = ("started_at", "detected_at", *_TIMES.values())
"""Each lies no earlier than those before it."""


def advance(incident: IncidentRecord, status: IncidentStatus, *, actor: str, at: datetime) -> Mapping[str, object]:
    """The fields that another status changes.

    Forward it gets its time; somebody who mitigates or resolves has seen it. Back, the times of what is not so any
    more are taken away: that they were there stands in the log.
    """
    if status is incident.status:
        return {}
    changes: dict[str, object] = {"status": status}
    reached = ORDER.index(status)
    for each, name in _TIMES.items():
        if ORDER.index(each) > reached:
            changes[name] = None
        elif getattr(incident, name) is None and each in {status, IncidentStatus.ACKNOWLEDGED}:
            changes[name] = at
    if reached and incident.acknowledged_by is None:
        changes["acknowledged_by"] = actor
    if not reached:
        changes["acknowledged_by"] = None
    return changes


def time_blocker(incident: IncidentRecord, times: Mapping[str, datetime], *, now: datetime) -> tuple[str, str] | None:
    """Which time cannot be, and why; ``None`` when all can."""
    for name, at in times.items():
        if getattr(incident, name) is None:
            return name, "the incident has not come so far: say so first"
        if at > now:
            return name, "the time lies ahead"
    kept = [(name, times.get(name, getattr(incident, name))) for name in TIMES]
    reached = [(name, at) for name, at in kept if at is not None]
    for (earlier, first), (later, second) in pairwise(reached):
        if second < first:
            return (later if later in times else earlier), f"{_words(later)} would be before {_words(earlier)}"
    return None


def _words(name: str) -> str:
    return {"started_at": "the beginning"}.get(name, name.removesuffix("_at"))
