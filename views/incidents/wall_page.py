"""The open incidents on the wall display, the worst on top: how far each has come, who leads it, what is told next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.incidents.domain import VIEW, Incidents
from models.incidents import IncidentRole
from views.incidents.wording import HUES, STATES, holder, minutes_words, update_words
from views.kit.wall_rows import RowsPage, WallRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.console import Console
    from models.incidents import IncidentRecord


def incidents_page(console: Console) -> RowsPage:
    """The page."""
    query = console.of(Incidents).open()

    def rows() -> Sequence[WallRow]:
        found = sorted(query.sample.value, key=lambda each: (each.severity, -each.number)) if query.sample else []
        return [row_of(each, console.clock.now()) for each in found]

    return RowsPage(console, "Incidents", VIEW, (query,), rows)


def row_of(incident: IncidentRecord, now: datetime) -> WallRow:
    """What an incident says."""
    commander = holder(incident, IncidentRole.COMMANDER)
    lead = f"{commander.name} commands" if commander is not None else "nobody commands"
    return WallRow(
        f"{incident.severity}  {incident.title}",
        minutes_words((now - incident.started_at).total_seconds()),
        f"{STATES[incident.status]}, {lead}",
        update_words(incident.next_update_due_at, now),
        HUES[incident.severity],
    )
