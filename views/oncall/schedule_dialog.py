"""A new schedule, or another definition of one: its layers, and what must be covered."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.oncall.definition_text import TypedWrong, windows_of, windows_text
from app.oncall.domain import OnCall, create_schedule, revise_schedule
from models.deliveries.routing import Team
from models.oncall.schedules import Cover, Definition, Layer, RevisionRequest, Schedule, ScheduleRequest
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.instant import InstantField
from views.oncall.fields import ZoneField, area, paragraph
from views.oncall.layer_form import LayerForm, LayerWrong

if TYPE_CHECKING:
    from app.console import Console

WIDE, HIGH, LIST = 860, 470, 200
NO_COVER, ALWAYS, WINDOWS = "Not said: no gaps are told", "Always", "At these times"


class ScheduleDialog(DecidingDialog):
    """Layers at the left, the chosen one at the right, cover and reason below."""

    def __init__(self, console: Console, schedule: Schedule | None, parent: QWidget) -> None:
        title = "New schedule" if schedule is None else f"Edit the layers of {schedule.name}"
        accept = "Add" if schedule is None else "Save"
        super().__init__(title, console.tasks, parent, accept=accept, hint="Why, for whoever reads the history")
        self._console, self._schedule = console, schedule
        self._names = console.of(OnCall).names()
        self.setMinimumWidth(current().px(WIDE))
        zone = schedule.zone if schedule is not None else "UTC"
        self._zones = {zone, *(layer.zone for layer in schedule.definition.layers)} if schedule is not None else {zone}
        self.forms: list[LayerForm] = []
        self._make_head(zone)
        self._make_layers()
        self._make_cover(zone)
        self._make_when()
        for layer in schedule.definition.layers if schedule is not None else (self._first_layer(),):
            self._add(layer)
        self.list.setCurrentRow(0)
        if schedule is not None:
            self.column.addWidget(self.words)
            self.words.setFixedHeight(current().px(52))
        else:
            self.words.setParent(self)
            self.words.hide()
        (self.name if schedule is None else self.list).setFocus()

    # --- parts -------------------------------------------------------------------------------------------------

    def _make_head(self, zone: str) -> None:
        self.name, self.team = QLineEdit(), QComboBox()
        for team in Team:
            self.team.addItem(str(team).capitalize(), team)
        self.zone = ZoneField(zone, "Zone in which it is read")
        self.name.setAccessibleName("Name")
        self.team.setAccessibleName("Team")
        if self._schedule is None:
            head = QFormLayout()
            head.addRow("Name", self.name)
            head.addRow("Team", self.team)
            head.addRow("Read in", self.zone)
            self.column.addLayout(head)
        else:
            self.column.addWidget(
                paragraph("What was on call before does not change. Whoever’s turn it is stays on, unless you say not.")
            )
            for field in (self.name, self.team, self.zone):
                field.setParent(self)
                field.hide()

    def _make_layers(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName("Layers")
        self.list.setFixedWidth(current().px(LIST))
        self.stack = QStackedWidget()
        self.list.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.more, self.less = QPushButton("Add a layer"), QPushButton("Remove it")
        self.more.clicked.connect(self.add_layer)
        self.less.clicked.connect(self.remove_layer)
        for button in (self.more, self.less):
            button.setAutoDefault(False)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.more)
        left.addWidget(self.less)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.stack)
        scroll.setMinimumHeight(min(current().px(HIGH), self.screen().availableGeometry().height() - current().px(430)))
        row = QHBoxLayout()
        row.addLayout(left)
        row.addWidget(scroll, 1)
        self.column.addLayout(row, 1)

    def _make_cover(self, zone: str) -> None:
        cover = self._schedule.definition.cover if self._schedule is not None else Cover(zone=zone)
        self.cover = QComboBox()
        self.cover.addItems([NO_COVER, ALWAYS, WINDOWS])
        self.cover.setCurrentText(NO_COVER if cover is None else WINDOWS if cover.windows else ALWAYS)
        self.cover.setAccessibleName("Somebody must be on")
        windows = windows_text(cover.windows) if cover is not None else ""
        self.cover_windows = area("Times to cover", windows, "Mon–Fri 07:00 to 17:00", 2)
        self.cover_zone = ZoneField(cover.zone if cover is not None else zone, "Zone of the cover")
        self.form = QFormLayout()
        self.form.addRow("Somebody must be on", self.cover)
        self.form.addRow("Times", self.cover_windows)
        self.form.addRow("In", self.cover_zone)
        self.column.addLayout(self.form)
        self.cover.currentTextChanged.connect(self._show_cover)
        self._show_cover(self.cover.currentText())

    def _show_cover(self, words: str) -> None:
        self.form.setRowVisible(self.cover_windows, words == WINDOWS)
        self.form.setRowVisible(self.cover_zone, words == WINDOWS)

    def _make_when(self) -> None:
        self.later = QCheckBox("Begins later, at")
        tomorrow = self._console.clock.now().astimezone(UTC) + timedelta(days=1)
        self.at = InstantField(tomorrow.replace(hour=8, minute=0), "Begins", unit="UTC")
        self.at.setEnabled(False)
        self.later.toggled.connect(self.at.setEnabled)
        self.keep = QCheckBox("Whoever’s turn it is stays on")
        self.keep.setChecked(True)
        self.also = QCheckBox("Also in the place of revisions that wait")
        waiting = self._schedule.waiting if self._schedule is not None else ()
        row = QHBoxLayout()
        for part in (self.later, self.at, self.keep, self.also):
            row.addWidget(part)
            part.setVisible(self._schedule is not None and (part is not self.also or bool(waiting)))
        row.addStretch(1)
        self.column.addLayout(row)

    # --- layers ------------------------------------------------------------------------------------------------

    def _first_layer(self, name: str = "First") -> Layer:
        now = self._console.clock.now().replace(tzinfo=None)
        monday = now.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
        if monday > now:  # whoever is named first is to be on now
            monday -= timedelta(days=7)
        me = self._console.of(OnCall).me()
        return Layer(name=name, seats=((me,),) if me else ((),), zone=self.zone.zone or "UTC", anchor=monday)

    def _add(self, layer: Layer) -> LayerForm:
        form = LayerForm(layer, self._names, self._zones)
        self.forms.append(form)
        self.stack.addWidget(form)
        self.list.addItem(layer.name)
        form.name.textChanged.connect(lambda text, f=form: self.list.item(self.forms.index(f)).setText(text))
        self.less.setEnabled(len(self.forms) > 1)
        self.less.setToolTip("" if len(self.forms) > 1 else "a schedule has at least one layer")
        return form

    def add_layer(self) -> None:
        """Add a layer below the others and go there."""
        taken = {form.name.text().casefold() for form in self.forms}
        name = next(f"Layer {n}" for n in range(len(self.forms) + 1, 200) if f"layer {n}" not in taken)
        form = self._add(self._first_layer(name))
        self.list.setCurrentRow(len(self.forms) - 1)
        form.name.setFocus()

    def remove_layer(self) -> None:
        """Take the chosen layer away, while there is another."""
        number = self.list.currentRow()
        if len(self.forms) < 2 or number < 0:
            return
        form = self.forms.pop(number)
        self.list.takeItem(number)
        self.stack.removeWidget(form)
        form.deleteLater()
        self.less.setEnabled(len(self.forms) > 1)

    # --- sending -----------------------------------------------------------------------------------------------

    def definition(self) -> Definition | None:
        """What was typed; ``None`` after saying what is wrong with it."""
        layers = []
        for number, form in enumerate(self.forms):
            try:
                layers.append(form.layer())
            except LayerWrong as error:
                self.list.setCurrentRow(number)
                self.fail(str(error), error.field)
                return None
        cover: Cover | None = None
        if self.cover.currentText() != NO_COVER:
            try:
                windows = windows_of(self.cover_windows.toPlainText()) if self.cover.currentText() == WINDOWS else ()
            except TypedWrong as error:
                self.fail(str(error), self.cover_windows)
                return None
            zone = self.cover_zone.zone if windows else layers[0].zone
            cover = Cover(zone=zone, windows=windows)
        try:
            return Definition(layers=tuple(layers), cover=cover)
        except ValidationError as error:
            words = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
            self.fail(f"{words[:1].upper()}{words[1:]}.", self.list)
            return None

    def submit(self) -> None:
        """Add or revise it."""
        definition = self.definition()
        if definition is None:
            return
        if self._schedule is None:
            if not self.name.text().strip():
                self.fail("A schedule has a name.", self.name)
                return
            request = ScheduleRequest(
                name=self.name.text().strip(),
                team=self.team.currentData(),
                zone=self.zone.zone,
                definition=definition,
            )
            self.send(lambda: create_schedule(self._console.mutations, request))
            return
        words = self.checked_words()
        if words is None:
            return
        given: dict[str, Any] = {"definition": definition, "reason": words, "keep_turns": self.keep.isChecked()}
        if self.later.isChecked():
            given["effective_at"] = self.at.instant
        if self.also.isChecked():
            given["also_waiting"] = True
        schedule, revision = self._schedule, RevisionRequest(**given)
        self.send(lambda: revise_schedule(self._console.mutations, schedule, revision))

    def field_of(self, pointer: str) -> QWidget | None:
        """Also one of a layer, which is brought to the front."""
        parts = pointer.strip("/").split("/")
        match parts:
            case ["name"]:
                return self.name
            case ["zone"]:
                return self.zone
            case ["effectiveAt"]:
                return self.at
            case ["definition", "layers", number, known, *_] if number.isdecimal() and int(number) < len(self.forms):
                self.list.setCurrentRow(int(number))
                return self.forms[int(number)].fields.get(known)
            case ["definition", "cover", *_]:
                return self.cover_zone if self.cover_zone.isVisible() else self.cover
        return None
