"""What a schedule is called and whom it is for; archived, it is on no list of who is on call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from app.oncall.domain import change_schedule
from models.deliveries.routing import Team
from models.oncall.schedules import ScheduleChange
from views.kit.dialogs.deciding import DecidingDialog
from views.oncall.fields import ZoneField, paragraph

if TYPE_CHECKING:
    from app.console import Console
    from models.oncall.schedules import Schedule


class ScheduleChangeDialog(DecidingDialog):
    """Name, team, zone, and whether it is archived."""

    def __init__(self, console: Console, schedule: Schedule, parent: QWidget) -> None:
        super().__init__(f"Change {schedule.name}", console.tasks, parent, accept="Change", hint="Why")
        self._console, self._schedule = console, schedule
        self.words.setParent(self)
        self.words.hide()
        self.name, self.team = QLineEdit(schedule.name), QComboBox()
        for team in Team:
            self.team.addItem(str(team).capitalize(), team)
        self.team.setCurrentIndex(self.team.findData(schedule.team))
        self.zone = ZoneField(schedule.zone, "Read in", [layer.zone for layer in schedule.definition.layers])
        self.archived = QCheckBox("Archive it: nobody is on call by it any more, and its past stays")
        form = QFormLayout()
        for label, field in (("Name", self.name), ("Team", self.team), ("Read in", self.zone)):
            field.setAccessibleName(label)
            form.addRow(label, field)
        self.column.addWidget(paragraph("Layers keep their own zones: this one is only what people read it in."))
        self.column.addLayout(form)
        self.column.addWidget(self.archived)
        self.name.setFocus()

    def submit(self) -> None:
        """Send what is different."""
        schedule, given = self._schedule, {}
        now: dict[str, Any] = {
            "name": self.name.text().strip(),
            "team": self.team.currentData(),
            "zone": self.zone.zone,
        }
        if not now["name"]:
            self.fail("A schedule has a name.", self.name)
            return
        given = {field: value for field, value in now.items() if value != getattr(schedule, field)}
        if self.archived.isChecked():
            given["archived"] = True
        if not given:
            self.fail("Nothing was changed yet.")
            return
        request = ScheduleChange(**given)
        self.send(lambda: change_schedule(self._console.mutations, schedule, request))

    def field_of(self, pointer: str) -> QWidget | None:
        return {"/name": self.name, "/zone": self.zone, "/team": self.team}.get(pointer)
