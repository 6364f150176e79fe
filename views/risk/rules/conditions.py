"""The conditions of a rule, one row each: what is asked, how, with what, and how many orders match by it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.risk.rule_edits import (
    Entries,
    Place,
    asked_otherwise,
    each_place,
    first_condition,
    lists_of,
    put,
    with_alternative,
    without,
)
from models.risk.metrics import LISTED, METRICS, Operator
from models.risk.rules import AnyOf
from models.risk.wording import operator_words
from views.kit.theme import current
from views.kit.widgets.discard import discard
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.risk.rules.metric_picker import MetricButton
from views.risk.rules.value_fields import Choice, value_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.risk.rules import Condition, RiskList

NO_LIST = "no list holds values of this kind yet; make one under Lists"
ENTRIES_MOST = 20


class ConditionRow(QWidget):
    """One condition. ``changed`` carries the new one; ``removed`` and ``alternative`` ask for more or less."""

    changed = Signal(object)
    removed = Signal()
    alternative = Signal()

    def __init__(
        self, condition: Condition, currency: str, lists: Sequence[RiskList], word: str, *, alone: bool, full: bool
    ) -> None:
        super().__init__()
        self.condition = condition
        self._lists = lists
        metric = METRICS[condition.metric]
        self.setAccessibleName(metric.title)
        theme = current()
        self.word = QLabel(word)
        theme.set_font(self.word, 9)
        self.word.setFixedWidth(theme.px(64))
        self.word.setMinimumHeight(theme.px(28))
        self.what = MetricButton(condition.metric)
        self.what.picked.connect(self._ask_other)
        self.operator = Choice()
        self.operator.setAccessibleName(f"{metric.title}: how it is compared")
        held = lists_of(metric, lists)
        for operator in metric.operators:
            self.operator.addItem(operator_words(metric, operator), operator)
            if operator in LISTED and not held:
                item = self.operator.model().item(self.operator.count() - 1)  # type: ignore[attr-defined]
                item.setEnabled(False)
                item.setToolTip(NO_LIST)
        self.operator.setCurrentIndex(self.operator.findData(condition.operator))
        self.operator.setVisible(len(metric.operators) > 1)
        self.operator.currentIndexChanged.connect(self._compare)
        self.value = value_field(condition, currency, held)
        self.value.changed.connect(self._take)
        self.count = QLabel()
        theme.set_font(self.count, 9)
        self.count.setAccessibleName(f"{metric.title}: orders that match")
        self.other = Pill("or…", Look.BUTTON, name=f"{metric.title}: or something else")
        self.other.setToolTip("Add an alternative: one of the two must hold" if not full else "a group has at most 20")
        self.other.setEnabled(not full)
        self.other.clicked.connect(self.alternative)
        self.remove = Pill("✕", Look.BUTTON, name=f"Remove: {metric.title}")
        self.remove.setEnabled(not alone)
        self.remove.setToolTip("Remove" if not alone else "a rule needs at least one condition")
        self.remove.setAccessibleDescription("" if not alone else "a rule needs at least one condition")
        self.remove.clicked.connect(self.removed)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(8)
        across.addWidget(self.word, 0, Qt.AlignmentFlag.AlignTop)
        fields = Flow(self.what, self.operator, self.value, margins=False, gap=WIDE_GAP)
        across.addWidget(fields, 1)
        across.addWidget(self.count)
        across.addWidget(self.other)
        across.addWidget(self.remove)

    def say_count(self, words: str) -> None:
        """How many orders it matches by itself."""
        self.count.setText(words)

    def _ask_other(self, key: str) -> None:
        if key != self.condition.metric:
            self.changed.emit(first_condition(key))

    def _compare(self, _index: int) -> None:
        self.changed.emit(asked_otherwise(self.condition, Operator(self.operator.currentData()), self._lists))

    def _take(self, value: object) -> None:
        self.condition = self.condition.model_copy(update={"value": value})
        self.changed.emit(self.condition)


class ConditionsEditor(QWidget):
    """All conditions of a rule. ``changed`` carries them, and they are always valid."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Conditions")
        self.entries: Entries = ()
        self.rows: list[tuple[Place, ConditionRow]] = []
        self._look: object = None
        self._currency = "EUR"
        self._lists: tuple[RiskList, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._inside = QWidget()
        self._column.addWidget(self._inside)
        self.add = Pill("Add condition", Look.BUTTON, name="Add a condition that must hold as well")
        self.add.clicked.connect(self._add)
        foot = QHBoxLayout()
        foot.addWidget(self.add)
        foot.addStretch(1)
        self._column.addLayout(foot)

    def show_conditions(self, entries: Entries, currency: str, lists: Sequence[RiskList]) -> None:
        """Show these; rows are only made anew when they ask something else."""
        look = (currency, tuple(lists), current().tokens.name, current().px(100))
        same = _shape(entries) == _shape(self.entries) and look == self._look
        self._look = look
        values = [each.condition.value for _, each in self.rows] == [each.value for _, each in each_place(entries)]
        self.entries, self._currency, self._lists = entries, currency, tuple(lists)
        if not (same and values):
            self._build()

    def say_counts(self, counts: Sequence[int] | None) -> None:
        """How many of the newest orders each condition matches by itself, in the order of the rows."""
        for number, (_, row) in enumerate(self.rows):
            row.say_count("…" if counts is None or number >= len(counts) else f"{counts[number]:,}")

    def _build(self) -> None:
        at = next((n for n, (_, row) in enumerate(self.rows) if row.isAncestorOf(self.focusWidget() or self)), -1)
        fresh = QWidget()
        column = QVBoxLayout(fresh)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.rows = []
        places = each_place(self.entries)
        for place, condition in places:
            entry, inside = place
            group = self.entries[entry]
            size = len(group.any) if isinstance(group, AnyOf) else 1
            row = ConditionRow(
                condition,
                self._currency,
                self._lists,
                _word(entry, inside or 0, size),
                alone=len(places) == 1,
                full=size >= ENTRIES_MOST,
            )
            row.setContentsMargins(current().px(16) if inside else 0, 0, 0, 0)
            row.changed.connect(lambda new, p=place: self._put(p, new))
            row.removed.connect(lambda p=place: self._set(without(self.entries, p)))
            row.alternative.connect(lambda e=entry, c=condition: self._set(with_alternative(self.entries, e, c)))
            column.addWidget(row)
            self.rows.append((place, row))
        old, self._inside = self._inside, fresh
        self._column.replaceWidget(old, fresh)
        discard(old)
        full = len(self.entries) >= ENTRIES_MOST
        self.add.setEnabled(not full)
        self.add.setToolTip(f"a rule has at most {ENTRIES_MOST} conditions" if full else "")
        if 0 <= at < len(self.rows):
            self.rows[at][1].what.setFocus()

    def _put(self, place: Place, condition: Condition) -> None:
        before = dict(each_place(self.entries))[place]
        self.entries = put(self.entries, place, condition)
        if (before.metric, before.operator) != (condition.metric, condition.operator):
            self._build()  # other operators or another field
        self.changed.emit(self.entries)

    def _set(self, entries: Entries) -> None:
        self.entries = entries
        self._build()
        self.changed.emit(entries)

    def _add(self) -> None:
        self._set((*self.entries, first_condition("order_value")))
        self.rows[-1][1].what.setFocus()


def _word(entry: int, inside: int, size: int) -> str:
    lead = "and" if entry else "when"
    return "or" if inside else f"{lead} either" if size > 1 else lead


def _shape(entries: Entries) -> list[tuple[Place, str, Operator]]:
    return [(place, each.metric, each.operator) for place, each in each_place(entries)]
