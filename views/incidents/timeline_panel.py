"""The War room's Incident timeline: the lanes of the chosen incident, or of the worst that is open, in little room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from views.incidents.axis import Axis
from views.incidents.following import IncidentFollower
from views.incidents.timeline_source import TimelineSource
from views.incidents.wording import STATES, due_words, is_open
from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from views.kit.capability import Window
    from views.kit.panel import Note


class TimelinePanel(IncidentFollower):
    """One line of words, and the lanes."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.axis = Axis(self.desk, charts=False)
        self._source = TimelineSource(self, self.axis)
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setWordWrap(True)
        self.name.setAccessibleName("Incident")
        self.open = Pill("Open", Look.LINK, name="Show the incident in its workspace")
        self.open.clicked.connect(self._show)
        self.axis.opened.connect(self._show)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(12, 6, 8, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.name, 1)
        self._row.addWidget(self.open)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._row)
        column.addWidget(self.axis, 1)
        self.widget.setAccessibleName("Incident timeline")
        self.widget.setFocusProxy(self.axis)
        self.use()
        self.follow_chosen()

    def own_note(self) -> Note:
        """Age of the record."""
        return self.age_note()

    def own_menu(self) -> list[QAction]:
        """To its workspace."""
        action = QAction("Show the incident", self)
        action.triggered.connect(self._show)
        return [action]

    def follow_chosen(self) -> None:
        """Ask about the chosen incident."""
        self._source.follow_chosen()

    def refresh(self) -> None:
        """Show the newest answers."""
        self._source.show()
        one = self.incident
        current().set_font(self.name, 10, 600)
        self.open.setVisible(one is not None)
        if one is None:
            self.name.setText("No incident is open.")
            return
        due = ""
        if is_open(one) and one.next_update_due_at is not None:
            due = f", next update {due_words(one.next_update_due_at, self.console.clock.now())}"
        self.name.setText(f"{one.severity} {one.title} · {one.reference}, {STATES[one.status].lower()}{due}")

    def _show(self) -> None:
        self.desk.show_room()
