"""A new SEV1 announces itself on every console: it sounds, the system tells, and the message bar says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QStyle, QSystemTrayIcon

from app.incidents.domain import Incidents
from models.incidents import IncidentSeverity
from views.incidents.desk import Desk

if TYPE_CHECKING:
    from models.incidents import IncidentRecord
    from views.kit.capability import Window

BEEPS, BETWEEN_MS = 3, 450
TOLD_MS = 30_000


class Announcer(QObject):
    """Watches the open incidents as long as the window lives."""

    announced = Signal(object)
    """The incident, once for each console."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self._window, self._console = window, window.console
        self._known: dict[str, IncidentSeverity] = {}
        self._tray: QSystemTrayIcon | None = None
        self._shown = ""
        self._query = self._console.of(Incidents).open()
        self._query.changed.connect(self._look)
        self._look()

    def _look(self) -> None:
        """An incident is announced when it is first heard of as a SEV1, or becomes one; not out of an earlier run."""
        sample = self._query.sample
        if sample is None or sample.received_mono is None:
            return
        found = {each.incident_id: each for each in sample.value}
        for known, incident in found.items():
            before = self._known.get(known)
            if incident.severity is IncidentSeverity.SEV1 and before is not IncidentSeverity.SEV1:
                self._announce(incident)
        self._known = {known: each.severity for known, each in found.items()}

    def _announce(self, incident: IncidentRecord) -> None:
        words = f"{incident.severity} {incident.reference}: {incident.title}"
        self._shown = incident.incident_id
        self._console.messages.post(words, "error")
        self._sound(BEEPS)
        QApplication.alert(self._window.as_parent.window(), 0)
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._tell(words)
        self.announced.emit(incident)

    def _sound(self, left: int) -> None:
        QApplication.beep()
        if left > 1:
            QTimer.singleShot(BETWEEN_MS, self, lambda: self._sound(left - 1))

    def _tell(self, words: str) -> None:
        if self._tray is None:
            icon = QApplication.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxCritical)
            self._tray = QSystemTrayIcon(icon, self)
            self._tray.messageClicked.connect(self._open)
            self._tray.activated.connect(lambda _reason: self._open())
        self._tray.setToolTip(words)
        self._tray.show()
        self._tray.showMessage("opsconsole", words, QSystemTrayIcon.MessageIcon.Critical, TOLD_MS)

    def _open(self) -> None:
        window = self._window.as_parent.window()
        window.showNormal() if window.isMinimized() else window.raise_()
        window.activateWindow()
        self._window.shared(Desk).show_room(self._shown)
