"""A layer of a schedule as it is edited: who takes turns, how long, when, and what holidays do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from app.oncall.definition_text import TypedWrong, dates_of, dates_text, seats_of, seats_text, windows_of, windows_text
from models.oncall.schedules import HolidayRule, Layer, TurnCount, TurnUnit
from views.oncall.fields import ZoneField, area, moment_of, moment_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNITS = {TurnUnit.DAYS: "days", TurnUnit.HOURS: "hours of elapsed time", TurnUnit.CLOCK: "hours of the local day"}
HOLIDAYS = {HolidayRule.USUAL: "as on other days", HolidayRule.OFF: "nobody", HolidayRule.ONLY: "only then"}
COUNTING = {TurnCount.CALENDAR: "every turn", TurnCount.WORKED: "only turns in which the layer works"}


class LayerWrong(ValueError):  # noqa: N818 - it names what happened
    """A layer cannot be as it was typed: words, and the field they are about."""

    def __init__(self, words: str, field: QWidget | None) -> None:
        super().__init__(words)
        self.field = field


class LayerForm(QWidget):
    """The fields of one layer."""

    def __init__(self, layer: Layer, names: Mapping[str, str], zones: Iterable[str]) -> None:
        super().__init__()
        self._names = tuple(names.items())
        self.name = QLineEdit(layer.name)
        self.seats = area("Turns", seats_text(layer.seats, self._names), "One turn a line: Ada, or Ada, Bob", 5)
        self.every = QSpinBox()
        self.every.setRange(1, 1000)
        self.every.setValue(layer.every)
        self.unit = self._box(UNITS, layer.unit)
        self.zone = ZoneField(layer.zone, "Zone of the layer", zones)
        self.anchor = QLineEdit(moment_text(layer.anchor))
        self.anchor.setPlaceholderText("2026-03-06 08:00")
        self.windows = area("Works", windows_text(layer.windows), "Always. Or: Mon–Fri 09:00 to 17:00", 3)
        self.rank = QSpinBox()
        self.rank.setRange(0, 100)
        self.rank.setValue(layer.rank)
        self.counting = self._box(COUNTING, layer.counting)
        self.holidays = self._box(HOLIDAYS, layer.holidays)
        self.dates = area("Holidays", dates_text(layer.dates), "2026-12-25, one a line", 2)
        self.source = QLineEdit(layer.dates_source)
        self.source.setPlaceholderText("Where the dates come from")
        self.starts, self.ends = QLineEdit(moment_text(layer.starts)), QLineEdit(moment_text(layer.ends))
        for field in (self.starts, self.ends):
            field.setPlaceholderText("no limit")
        turn = QWidget()
        row = QHBoxLayout(turn)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.every)
        row.addWidget(self.unit, 1)
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("Name", self.name),
            ("Turns, one a line", self.seats),
            ("Each turn lasts", turn),
            ("First turn begins", self.anchor),
            ("Zone", self.zone),
            ("Works", self.windows),
            ("Rank", self.rank),
            ("Counted", self.counting),
            ("On holidays", self.holidays),
            ("Holidays", self.dates),
            ("Dates from", self.source),
            ("Layer starts", self.starts),
            ("Layer ends", self.ends),
        )
        for label, part in rows:
            self.form.addRow(label, part)
        names_of: tuple[tuple[QWidget, str], ...] = (
            (self.name, "Name of the layer"),
            (self.every, "Length of a turn"),
            (self.unit, "Unit of turns"),
            (self.anchor, "First turn begins"),
            (self.rank, "Rank"),
            (self.counting, "Turns that are counted"),
            (self.holidays, "On holidays"),
            (self.source, "Where the dates come from"),
            (self.starts, "Layer starts"),
            (self.ends, "Layer ends"),
        )
        for part, name in names_of:
            part.setAccessibleName(name)
        self.setMinimumHeight(self.sizeHint().height())  # where it does not fit, it is scrolled, not pressed together
        self.rank.setToolTip("Of the layers that name somebody the highest stands; equal ones stand together.")

    @staticmethod
    def _box(choices: Mapping[Any, str], chosen: object) -> QComboBox:
        box = QComboBox()
        for value, words in choices.items():
            box.addItem(words, value)
        box.setCurrentIndex(list(choices).index(chosen))
        return box

    @property
    def fields(self) -> dict[str, QWidget]:
        """Fields by their name in the contract."""
        return {
            "name": self.name,
            "seats": self.seats,
            "zone": self.zone,
            "unit": self.unit,
            "every": self.every,
            "anchor": self.anchor,
            "windows": self.windows,
            "starts": self.starts,
            "ends": self.ends,
            "rank": self.rank,
            "holidays": self.holidays,
            "dates": self.dates,
            "dates_source": self.source,
            "counting": self.counting,
        }

    def layer(self) -> Layer:
        """The layer as it stands in the fields. Raises LayerWrong."""
        values: dict[str, object] = {
            "name": self.name.text().strip(),
            "zone": self.zone.zone,
            "unit": self.unit.currentData(),
            "every": self.every.value(),
            "rank": self.rank.value(),
            "holidays": self.holidays.currentData(),
            "counting": self.counting.currentData(),
            "dates_source": self.source.text().strip(),
        }
        if not values["name"]:
            raise LayerWrong("Each layer has a name.", self.name)
        for known, read in (
            ("seats", lambda: seats_of(self.seats.toPlainText(), self._names)),
            ("windows", lambda: windows_of(self.windows.toPlainText())),
            ("dates", lambda: dates_of(self.dates.toPlainText())),
            ("anchor", lambda: moment_of(self.anchor.text())),
            ("starts", lambda: moment_of(self.starts.text())),
            ("ends", lambda: moment_of(self.ends.text())),
        ):
            try:
                values[known] = read()
            except TypedWrong as error:
                raise LayerWrong(str(error), self.fields[known]) from error
        if values["anchor"] is None:
            raise LayerWrong("Say when the first turn begins: it is from then on that turns are counted.", self.anchor)
        try:
            return Layer.model_validate(values, by_name=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = self.fields.get(str(first["loc"][0])) if first["loc"] else self.every
            words = first["msg"].removeprefix("Value error, ")
            raise LayerWrong(f"{words[:1].upper()}{words[1:]}.", field) from error
