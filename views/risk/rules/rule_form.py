"""One rule to be edited: name, conditions, what it does, its cap. Whatever is typed, the rule stays valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from models.core.base import storable
from models.risk.rules import SCORE_MOST, Action, Cap
from views.kit.theme import current
from views.kit.widgets.discard import discard
from views.kit.widgets.flow import Flow
from views.risk.rules.conditions import ConditionsEditor
from views.risk.rules.value_fields import Choice, MoneyField, NumberField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.risk.backtest import RuleMatch
    from models.risk.rules import FraudRule, RiskList

NAME_MOST = 200
CAP_ORDERS_MOST = 100_000
DOES = ((Action.FLAG, "flag"), (Action.REVIEW, "send to review"), (Action.BLOCK, "block"))


class RuleForm(QScrollArea):
    """The form. ``changed`` carries the fields that are others now."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("The chosen rule")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._rule: FraudRule | None = None
        self._shown: tuple[Any, ...] = ()
        self.name = QLineEdit()
        self.name.setMaxLength(NAME_MOST)
        self.name.setAccessibleName("Name of the rule")
        self.name.setPlaceholderText("What it finds, such as Many orders with one card")
        self.name.textEdited.connect(self._named)
        self.name.editingFinished.connect(self._left)
        self.enabled = QCheckBox("Evaluated")
        self.enabled.setAccessibleName("Whether the rule is evaluated")
        self.enabled.toggled.connect(lambda on: self._emit_changed(enabled=on))
        self.id = QLabel()
        self.id.setAccessibleName("Id of the rule")
        self.count = QLabel()
        self.count.setAccessibleName("Orders the rule matches")
        self.conditions = ConditionsEditor()
        self.conditions.changed.connect(lambda entries: self._emit_changed(conditions=entries))
        self._does = Flow(margins=False, gap=12)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 8, 12, 12)
        self._column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name, 1)
        top.addWidget(self.enabled)
        self._column.addLayout(top)
        below = QHBoxLayout()
        below.addWidget(self.id)
        below.addStretch(1)
        below.addWidget(self.count)
        self._column.addLayout(below)
        self._column.addWidget(self.conditions)
        self._column.addWidget(self._does)
        self._column.addStretch(1)
        self.setWidget(inside)

    def show_rule(self, rule: FraudRule, currency: str, lists: Sequence[RiskList]) -> None:
        """Show a rule; what is being typed in is left alone."""
        state = (rule, currency, tuple(lists), current().tokens.name, current().px(100))
        if state == self._shown:
            return
        other = self._rule is None or self._rule.rule_id != rule.rule_id or state[1:] != self._shown[1:]
        self._rule, self._shown = rule, state
        self.id.setText(rule.rule_id)
        current().set_font(self.id, 9, mono=True)
        current().set_font(self.count, 9)
        if other or rule.description != self.name.text().strip():
            self.name.setText(rule.description)
        with QSignalBlocker(self.enabled):
            self.enabled.setChecked(rule.enabled)
        self.conditions.show_conditions(rule.conditions, currency, lists)
        if other:
            self._build_does(rule, currency)

    def say_matches(self, found: RuleMatch | None, orders: int, problem: str = "") -> None:
        """How many of the newest orders match, or why that is not known; ``None`` while it is being counted."""
        if problem:
            self.count.setText(f"Matches are not known: {problem}")
        elif found is None:
            self.count.setText("Counting matches…")
        else:
            self.count.setText(f"Matches {found.orders:,} of the last {orders:,} orders")
        self.conditions.say_counts(None if found is None or problem else found.conditions)

    def _build_does(self, rule: FraudRule, currency: str) -> None:
        old, self._does = self._does, Flow(margins=False, gap=12)
        self.points = NumberField("Severity, points it adds to the score", rule.severity, SCORE_MOST, " points")
        self.points.box.setMinimum(1)
        self.points.changed.connect(lambda value: self._emit_changed(severity=value))
        self.action = Choice()
        self.action.setAccessibleName("What the rule does")
        for action, words in DOES:
            self.action.addItem(words, action)
        self.action.setCurrentIndex(self.action.findData(rule.action))
        self.action.currentIndexChanged.connect(lambda _: self._emit_changed(action=Action(self.action.currentData())))
        self.orders = NumberField("Cap, orders an hour", rule.cap.orders or 0, CAP_ORDERS_MOST, " orders")
        self.amount = MoneyField("Cap, amount an hour; 0 for none", rule.cap.amount or 0, currency)
        self.share = NumberField("Cap, share of the orders an hour", rule.cap.share or 0, 100, " % of orders")
        for limit in (self.orders, self.share):
            limit.box.setSpecialValueText("no limit")
        for capped in (self.orders, self.amount, self.share):
            capped.changed.connect(self._capped)
        parts: tuple[tuple[str, QWidget], ...] = (
            ("Adds", self.points),
            ("and will", self.action),
            ("Cap an hour", self.orders),
            ("Amount an hour, 0 for no limit", self.amount),
            ("Share an hour", self.share),
        )
        for words, part in parts:
            self._does.add(_labelled(words, part))
        self._column.replaceWidget(old, self._does)
        discard(old)

    def _named(self, text: str) -> None:
        if text.strip() and storable(text):
            self._emit_changed(description=text.strip())

    def _left(self) -> None:
        if self._rule is not None and not self.name.text().strip():
            self.name.setText(self._rule.description)

    def _capped(self, _value: object) -> None:
        cap = Cap(
            orders=self.orders.box.value() or None,
            amount=self.amount.minor or None,
            share=self.share.box.value() or None,
        )
        self._emit_changed(cap=cap)

    def _emit_changed(self, **fields: Any) -> None:
        if self._rule is not None and any(getattr(self._rule, key) != value for key, value in fields.items()):
            self.changed.emit(fields)


def _labelled(words: str, field: QWidget) -> QWidget:
    if not words:
        return field
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    label = QLabel(words)
    label.setBuddy(field)
    row.addWidget(label)
    row.addWidget(field)
    return both
