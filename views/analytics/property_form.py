"""The properties of a draft: a list, and a form for the one that is chosen."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from models.analytics import RETENTION_DAYS_MOST, PersonalClass, PropertyDefinition
from views.analytics.wording import PERSONAL, type_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPES = ("string", "number", "integer", "boolean", "array", "object")


class PropertyError(ValueError):
    """What is wrong with a property, and in which field."""

    def __init__(self, words: str, field: QWidget) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, slots=True)
class Drafted:
    """A property as it is being typed."""

    name: str = ""
    schema: str = '{"type": "string"}'
    required: bool = False
    personal: PersonalClass = PersonalClass.NONE
    purpose: str = ""
    days: int = 0
    """0: as long as events."""
    description: str = ""
    feeds: tuple[str, ...] = ()

    @staticmethod
    def of(definition: PropertyDefinition) -> Drafted:
        """A property that is there."""
        return Drafted(
            definition.name,
            json.dumps(definition.value_schema, ensure_ascii=False),
            definition.required,
            definition.personal,
            definition.purpose,
            definition.retention_days or 0,
            definition.description,
            definition.feeds,
        )

    @property
    def type_name(self) -> str:
        """What its value may be, in a word."""
        try:
            return type_words(json.loads(self.schema))
        except (ValueError, TypeError):
            return "?"


class PropertyForm(QWidget):
    """The list above the form; what is typed is in the list at once."""

    changed = Signal()

    def __init__(self, properties: Sequence[PropertyDefinition]) -> None:
        super().__init__()
        self.drafted = [Drafted.of(each) for each in properties]
        self._filling = False
        self.table = RecordTable(
            (
                Column("Property", lambda each: each.name or "new", 150, mono=True, stretch=True),
                Column("Type", lambda each: each.type_name, 120),
                Column("", lambda each: "always" if each.required else "", 64, quiet=True),
                Column("Class", lambda each: PERSONAL[each.personal], 90),
            ),
            "Properties",
        )
        self.table.setMinimumHeight(current().px(150))
        self.add = Pill("Add a property", Look.BUTTON, name="Add a property", button=True)
        self.remove = Pill("Remove it", Look.BUTTON, name="Remove the chosen property", button=True)
        self.name, self.purpose, self.description = QLineEdit(), QLineEdit(), QLineEdit()
        self.name.setMaxLength(120)
        self.type = QComboBox()
        for each in TYPES:
            self.type.addItem(type_words({"type": each}), each)
        self.type.addItem("as the schema says", "")
        self.schema = QPlainTextEdit()
        self.schema.setTabChangesFocus(True)
        self.schema.setFixedHeight(current().px(64))
        self.required = QCheckBox("Always there")
        self.personal = QComboBox()
        for personal, words in PERSONAL.items():
            self.personal.addItem(words, personal)
        self.days = QSpinBox()
        self.days.setRange(0, RETENTION_DAYS_MOST)
        self.days.setSpecialValueText("as long as events")
        self.days.setSuffix(" days")
        self._lay_out()
        self.add.clicked.connect(self.add_one)
        self.remove.clicked.connect(self.remove_one)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._fill())
        self.type.currentIndexChanged.connect(self._take_type)
        for signal in (
            self.name.textEdited,
            self.purpose.textEdited,
            self.description.textEdited,
            self.schema.textChanged,
            self.required.toggled,
            self.personal.currentIndexChanged,
            self.days.valueChanged,
        ):
            signal.connect(self._take)
        self._show(0)

    def _lay_out(self) -> None:
        form = QFormLayout()
        rows = (
            ("Name", self.name),
            ("What it is", self.description),
            ("Type", self.type),
            ("JSON Schema", self.schema),
            ("", self.required),
            ("Says about a person", self.personal),
            ("Collected for", self.purpose),
            ("Kept", self.days),
        )
        for words, field in rows:
            field.setAccessibleName(words or "Always there")
            form.addRow(words, field)
        self.fields = [field for _, field in rows]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(16)
        left = QVBoxLayout()
        left.addWidget(self.table, 1)
        left.addWidget(Flow(self.add, self.remove, margins=False, gap=WIDE_GAP))
        row.addLayout(left, 1)
        row.addLayout(form, 1)
        column.addLayout(row, 1)

    # --- the list ----------------------------------------------------------------------------------------------

    @property
    def _at(self) -> int:
        return self.table.currentIndex().row()

    def _show(self, place: int) -> None:
        self.table.set_rows(self.drafted)
        if self.drafted:
            self.table.selectRow(min(place, len(self.drafted) - 1))
        self._fill()

    def add_one(self) -> None:
        """Add a property at the end."""
        self.drafted.append(Drafted())
        self._show(len(self.drafted) - 1)
        self.name.setFocus()

    def remove_one(self) -> None:
        """Remove the chosen one."""
        if 0 <= self._at < len(self.drafted):
            place = self._at
            del self.drafted[place]
            self._show(place)

    # --- the form ----------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        here = 0 <= self._at < len(self.drafted)
        each = self.drafted[self._at] if here else Drafted()
        self._filling = True
        self.name.setText(each.name)
        self.description.setText(each.description)
        self.schema.setPlainText(each.schema if here else "")
        self._show_type(each)
        self.required.setChecked(each.required)
        self.personal.setCurrentIndex(list(PERSONAL).index(each.personal))
        self.purpose.setText(each.purpose)
        self.days.setValue(each.days)
        for field in self.fields:
            field.setEnabled(here)
        self.remove.setEnabled(here)
        self._filling = False

    def _show_type(self, each: Drafted) -> None:
        try:
            name = json.loads(each.schema).get("type")
        except (ValueError, AttributeError):
            name = None
        self.type.setCurrentIndex(TYPES.index(name) if name in TYPES else len(TYPES))

    def _take_type(self) -> None:
        name = self.type.currentData()
        if self._filling or not name:
            return
        try:
            schema = json.loads(self.schema.toPlainText())
        except ValueError:
            schema = {}
        same = isinstance(schema, dict) and schema.get("type") == name
        if not same:  # limits of another type mean nothing
            self.schema.setPlainText(json.dumps({"type": name}))

    def _take(self) -> None:
        if self._filling or not 0 <= self._at < len(self.drafted):
            return
        self.drafted[self._at] = replace(
            self.drafted[self._at],
            name=self.name.text().strip(),
            description=self.description.text().strip(),
            schema=self.schema.toPlainText(),
            required=self.required.isChecked(),
            personal=PersonalClass(self.personal.currentData()),
            purpose=self.purpose.text().strip(),
            days=self.days.value(),
        )
        self.table.renew_rows(self.drafted)
        self.changed.emit()

    def show_property(self, place: int) -> None:
        """Put the cursor on one, by its place."""
        if 0 <= place < len(self.drafted):
            self.table.selectRow(place)

    def definitions(self) -> tuple[PropertyDefinition, ...]:
        """All of them. Raises PropertyError, with the cursor on the one that something is wrong with."""
        names: set[str] = set()
        found = []
        for place, each in enumerate(self.drafted):
            self._check_name(place, each, names)
            names.add(each.name)
            try:
                found.append(PropertyDefinition.model_validate(self._request(each)))
            except ValueError as error:
                self.show_property(place)
                raise PropertyError(f"{each.name}: {_words(error)}", self.schema) from None
        return tuple(found)

    def _check_name(self, place: int, each: Drafted, names: set[str]) -> None:
        words = "Every property needs a name." if not each.name else f"{each.name} is there twice."
        if not each.name or each.name in names:
            self.show_property(place)
            raise PropertyError(words, self.name)
        if each.personal in {PersonalClass.PERSONAL, PersonalClass.SENSITIVE} and not each.purpose:
            self.show_property(place)
            raise PropertyError(f"{each.name}: say what {each.personal} data is collected for.", self.purpose)

    @staticmethod
    def _request(each: Drafted) -> dict[str, Any]:
        request: dict[str, Any] = {
            "name": each.name,
            "description": each.description,
            "required": each.required,
            "schema": json.loads(each.schema or "{}"),
            "personal": each.personal,
            "purpose": each.purpose,
            "feeds": each.feeds,
        }
        return request | ({"retentionDays": each.days} if each.days else {})


def _words(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"its schema is no JSON, in line {error.lineno}, column {error.colno}."
    return "its schema is not one that can be kept: it must be a JSON object."
