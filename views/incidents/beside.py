"""The runbook of the chosen incident stands beside it: once for each incident, then whoever reads has the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from app.runbooks import Runbooks
from views.incidents.desk import Desk
from views.incidents.work import closest

if TYPE_CHECKING:
    from views.kit.capability import Window

RUNBOOKS = "runbooks"


class RunbookBeside(QObject):
    """Between incidents and runbooks of one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self._window, self._desk = window, window.shared(Desk)
        self._shown = ""
        """The incident whose runbook stands there."""
        self._beside = ""
        """The runbook that was put there."""
        self._desk.record_changed.connect(self._look)
        window.console.of(Runbooks).library.changed.connect(self._look)
        window.when_made(RUNBOOKS, lambda _panel: self._look())

    def _look(self) -> None:
        incident, panel = self._desk.record, self._window.made(RUNBOOKS)
        if incident is None or panel is None or incident.incident_id == self._shown:
            return
        library = self._window.console.of(Runbooks).library
        found: Any = next((each for each in library.summaries if each.id == incident.runbook_id), None)
        found = found or closest(self._window, incident)
        if found is not None:
            self._shown, self._beside = incident.incident_id, found.id
            panel.read_beside(found)
            return
        if self._shown and panel.chosen is not None and panel.chosen.id == self._beside:
            panel.put_away()  # that of another incident
        self._shown = ""
