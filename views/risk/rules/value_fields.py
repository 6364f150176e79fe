"""Fields for the values of conditions. Each always holds a value that fits: what does not is taken back on leaving."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QRegularExpression, QSignalBlocker, QStringListModel, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLabel, QLineEdit, QSpinBox, QWidget

from models.core.base import storable
from models.core.formatting import money
from models.core.money import decimals
from models.risk.metrics import LISTED, METRICS, MetricType, Operator, normal
from models.risk.rules import VALUES_MOST
from models.risk.wording import UNITS
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.risk.metrics import Metric
    from models.risk.rules import Condition, RiskList

Value = bool | int | str | tuple[str, ...]
LARGEST = 1_000_000_000
MONEY_DIGITS = 11
TEXT_MOST = 200


class ValueField(QWidget):
    """A value of a condition; ``changed`` carries it, and it is always one that fits."""

    changed = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)

    def put(self, *fields: QWidget) -> None:
        """Place the parts; the first takes the keyboard."""
        for number, field in enumerate(fields):
            if not field.accessibleName():
                field.setAccessibleName(self.accessibleName())
            self.row.addWidget(field, 0 if number else 1)
        self.setFocusProxy(fields[0])


class Quiet(QSpinBox):
    """A number that the wheel does not change on the way past."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Choice(QComboBox):
    """A choice that the wheel does not change on the way past."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class NumberField(ValueField):
    """A whole number."""

    def __init__(self, name: str, value: int, most: int, suffix: str = "") -> None:
        super().__init__(name)
        self.box = Quiet()
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.setRange(0, most)
        self.box.setGroupSeparatorShown(True)
        self.box.setSuffix(suffix)
        self.box.setKeyboardTracking(True)
        self.box.setValue(value)
        self.box.setMinimumWidth(current().px(88))
        self.box.valueChanged.connect(lambda number: self.changed.emit(int(number)))
        self.put(self.box)


class MoneyField(ValueField):
    """An amount in units of the currency; its value are minor units, never a float."""

    def __init__(self, name: str, minor: int, currency: str) -> None:
        super().__init__(name)
        self._currency, self._places, self.minor = currency, decimals(currency), minor
        self.line = QLineEdit(self._shown())
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        fraction = rf"(\.[0-9]{{0,{self._places}}})?" if self._places else ""
        pattern = QRegularExpression(rf"[0-9]{{0,{MONEY_DIGITS}}}{fraction}")
        self.line.setValidator(QRegularExpressionValidator(pattern, self.line))
        self.line.setMinimumWidth(current().px(88))
        self.line.textEdited.connect(self._typed)
        self.line.editingFinished.connect(lambda: self.line.setText(self._shown()))
        self.put(self.line, QLabel(currency))

    def _shown(self) -> str:
        return money(self.minor, self._currency).replace(",", "")

    def _typed(self, text: str) -> None:
        if not text.strip("."):
            return  # nothing yet: what was there holds until there is something
        units, _, rest = text.partition(".")
        self.minor = int(units or 0) * 10**self._places + int((rest + "0" * self._places)[: self._places] or 0)
        self.changed.emit(self.minor)


class MinutesField(ValueField):
    """A length of time with its unit; its value are minutes."""

    def __init__(self, name: str, minutes: int) -> None:
        super().__init__(name)
        unit = next((n for n, (_, size, _) in enumerate(UNITS) if minutes % size == 0 and minutes), 2)
        if unit == 0 and minutes == UNITS[0][1]:
            unit = 1  # 24 h, not 1 day
        self.box, self.unit = Quiet(), Choice()
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.setRange(0, LARGEST // 1_440)
        self.box.setGroupSeparatorShown(True)
        self.box.setMinimumWidth(current().px(72))
        for _, size, words in UNITS:
            self.unit.addItem(words, size)
        self.unit.setAccessibleName(f"{name}, unit")
        self.unit.setCurrentIndex(unit)
        self.box.setValue(minutes // UNITS[unit][1])
        self.box.valueChanged.connect(self._emit_changed)
        self.unit.currentIndexChanged.connect(self._emit_changed)
        self.put(self.box, self.unit)

    def _emit_changed(self, *_: object) -> None:
        self.changed.emit(self.box.value() * int(self.unit.currentData()))


class FlagField(ValueField):
    """Yes or no, in the words of the metric."""

    def __init__(self, name: str, *, value: bool) -> None:
        super().__init__(name)
        self.box = Choice()
        self.box.addItem("yes", True)
        self.box.addItem("no", False)
        self.box.setCurrentIndex(0 if value else 1)
        self.box.currentIndexChanged.connect(lambda _: self.changed.emit(bool(self.box.currentData())))
        self.put(self.box)


class ListField(ValueField):
    """One of the named lists."""

    def __init__(self, name: str, value: str, lists: Sequence[RiskList]) -> None:
        super().__init__(name)
        self.box = Choice()
        for each in lists:
            self.box.addItem(f"{each.title} ({each.entries:,})", each.list_id)
        if self.box.findData(value) < 0:
            self.box.addItem(value, value)
        self.box.setCurrentIndex(self.box.findData(value))
        self.box.currentIndexChanged.connect(lambda _: self.changed.emit(str(self.box.currentData())))
        self.put(self.box)


class TextField(ValueField):
    """A text, or several with commas between them; countries are completed by their names."""

    def __init__(self, name: str, metric: Metric, value: str | tuple[str, ...]) -> None:
        super().__init__(name)
        self._key, self._several = metric.key, isinstance(value, tuple)
        self._value = value
        self.line = QLineEdit(self._shown())
        self.line.setMinimumWidth(current().px(120))
        self.line.setMaxLength(TEXT_MOST if not self._several else VALUES_MOST * 40)
        hint = "several with commas between" if self._several else "exactly as orders have it"
        self.line.setPlaceholderText(hint)
        self.line.setToolTip(hint)
        self.line.textEdited.connect(self._typed)
        self.line.editingFinished.connect(self._left)
        if metric.key.endswith("_country"):
            self._complete()
        self.put(self.line)

    def _shown(self) -> str:
        return ", ".join(self._value) if isinstance(self._value, tuple) else self._value

    def _complete(self) -> None:
        completer = QCompleter(self.line)
        completer.setModel(QStringListModel(list(_countries()), completer))
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setWidget(self.line)
        completer.activated.connect(self._completed)
        self._completer = completer
        self.line.textEdited.connect(self._offer)

    def _offer(self, text: str) -> None:
        last = text.rpartition(",")[2].strip() if self._several else text.strip()
        self._completer.setCompletionPrefix(last)
        if len(last) > 1 and self._completer.completionCount():
            self._completer.complete()
        elif (popup := self._completer.popup()) is not None:
            popup.hide()

    def _completed(self, words: str) -> None:
        code = words.rpartition(" ")[2]
        before = self.line.text().rpartition(",")[0] if self._several else ""
        self.line.setText(f"{before}, {code}" if before else code)
        self._typed(self.line.text())

    def _typed(self, text: str) -> None:
        parts = text.split(",") if self._several else [text]
        found = tuple(
            dict.fromkeys(normal(self._key, part)[:TEXT_MOST] for part in parts if part.strip() and storable(part))
        )[:VALUES_MOST]
        if found:
            self._value = found if self._several else found[0]
            self.changed.emit(self._value)

    def _left(self) -> None:
        with QSignalBlocker(self.line):
            self.line.setText(self._shown())


@lru_cache(maxsize=1)
def _countries() -> tuple[str, ...]:
    found = set()
    for territory in QLocale.Country:
        code = QLocale.territoryToCode(territory)
        if len(code) == 2 and code.isalpha():
            found.add(f"{QLocale.territoryToString(territory)} {code}")
    return tuple(sorted(found))


def value_field(condition: Condition, currency: str, lists: Sequence[RiskList]) -> ValueField:
    """The field that fits a condition; ``lists`` are those that hold values of its metric."""
    metric, value = METRICS[condition.metric], condition.value
    name = f"{metric.title}: value"
    if condition.operator in LISTED:
        return ListField(name, str(value), lists)
    match metric.kind:
        case MetricType.FLAG:
            return FlagField(name, value=bool(value))
        case MetricType.TEXT:
            several = condition.operator in {Operator.IN, Operator.NOT_IN}
            return TextField(name, metric, value if several and isinstance(value, tuple) else str(value))
        case MetricType.MONEY:
            return MoneyField(name, int(value), currency)  # type: ignore[arg-type]  # a number: the contract checked it
        case MetricType.MINUTES:
            return MinutesField(name, int(value))  # type: ignore[arg-type]
        case _:
            suffix = " h UTC" if metric.key == "hour_of_day" else ""
            return NumberField(name, int(value), metric.most if metric.most is not None else LARGEST, suffix)  # type: ignore[arg-type]
