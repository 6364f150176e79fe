"""From an alert to its incident: the one it belongs to, or a new one out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox

from app.core.errors import OperationsError
from app.incidents import decisions
from app.incidents.domain import WORK, Incidents
from app.incidents.keeping import OpenIncidents
from models.incidents import IncidentSeverity
from views.incidents.consequence import Consequence
from views.incidents.desk import Desk
from views.incidents.dialogs import paragraph, severities
from views.kit.dialogs.deciding import DecidingDialog

if TYPE_CHECKING:
    from app.core.mutation_types import Outcome
    from models.alerts import Alert
    from views.kit.capability import Window

BY_ALERT = {"P1": IncidentSeverity.SEV1, "P2": IncidentSeverity.SEV2, "P3": IncidentSeverity.SEV3}


def open_for(window: Window, alert: Alert) -> None:
    """Show the incident an alert belongs to; where it belongs to none, ask how bad it is and open one."""
    found = window.console.of(OpenIncidents).of_alert(alert)
    if found is not None:
        window.shared(Desk).show_room(found.incident_id)
        return
    window.console.tasks.start(_look(window, alert), name="the incident of an alert")


async def _look(window: Window, alert: Alert) -> None:
    console = window.console
    try:
        found = await console.of(Incidents).of_alert(alert)
    except OperationsError as error:
        console.messages.post(f"Whether “{alert.title}” belongs to an incident cannot be asked: {error}", "error")
        return
    if found is not None and (found.resolved_at is None or alert.cleared_at is not None):
        window.shared(Desk).show_room(found.incident_id)
        return
    reason = console.write_blocker(WORK, irreversible=True)
    if reason is not None:
        console.messages.post(f"“{alert.title}” belongs to no incident, and none can be opened: {reason}.", "warning")
        return
    FromAlertDialog(window, alert).open()


class FromAlertDialog(DecidingDialog):
    """How bad it is; all else follows from the alert. Enter opens it."""

    def __init__(self, window: Window, alert: Alert) -> None:
        super().__init__("Open an incident", window.console.tasks, window.as_parent, accept="Open it", hint="Why")
        self._console, self._desk, self._alert = window.console, window.shared(Desk), alert
        self.words.setParent(self)
        self.words.hide()
        self.column.addWidget(
            paragraph(f"Out of {alert.severity} “{alert.title}”. Later alerts of its group join by themselves.")
        )
        self.severity = severities(BY_ALERT.get(str(alert.severity), IncidentSeverity.SEV4))
        self.column.addWidget(self.severity)
        self.consequence = Consequence(window.console, self.severity, self)
        self.column.addWidget(self.consequence)
        self.show_it = QCheckBox("Show it in the Incidents workspace")
        self.show_it.setChecked(True)
        self.column.addWidget(self.show_it)
        self.severity.setFocus()

    def submit(self) -> None:
        """Open it."""
        self.send(self._open)

    async def _open(self) -> Outcome:
        outcome = await decisions.open_from_alert(
            self._console.mutations, self._alert.id, self._alert.title, self.severity.currentData()
        )
        if outcome.answer and self.show_it.isChecked():
            self._desk.show_room(str(outcome.answer["incidentId"]))
        return outcome
