"""The alert rules: list on the left, the chosen one on the right; changes need ``operations.manage_alerts``."""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from app.alerts.domain import Alerts, change_rule, create_rule
from app.core.errors import OperationsError
from app.core.mutation_types import InConflict, Outcome
from models.core.money import decimals
from models.core.permissions import Permission
from models.figures import FIGURES, FigureName
from models.figures.wording import shown, title_of, unit_of
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from app.console import Console
    from models.alerts import AlertRule

NEW = "+ New rule…"


def to_rule_unit(text: str, figure: FigureName, currency: str) -> float:
    """What an operator typed (currency units, percent, a count) in the unit of the contract. Raises ValueError."""
    try:
        value = Decimal(text.replace(",", "").replace("−", "-").strip())
    except InvalidOperation:
        raise ValueError("The limit is a number, such as 2 or 1,250.50.") from None
    match FIGURES[figure].unit:
        case "minor":
            return float(value * 10 ** decimals(currency))
        case "ratio":
            return float(value / 100)
        case _:
            return float(value)


def to_text(value: float, figure: FigureName, currency: str) -> str:
    """The other way."""
    match FIGURES[figure].unit:
        case "minor":
            return f"{Decimal(str(value)) / 10 ** decimals(currency):f}".rstrip("0").rstrip(".") or "0"
        case "ratio":
            return f"{Decimal(str(value)) * 100:f}".rstrip("0").rstrip(".") or "0"
        case _:
            return f"{value:g}"


class RulesDialog(WindowDialog):
    """Loads the rules, edits one at a time, and tells conflicts in words."""

    def __init__(self, console: Console, parent: QWidget) -> None:
        super().__init__("Alert rules", parent, accept="Save", reject="Close")
        self._console = console
        self._rules: list[AlertRule] = []
        self._rule: AlertRule | None = None
        self._busy = False
        self.setMinimumSize(current().px(760), current().px(520))
        self.list = QListWidget()
        self.list.setAccessibleName("Rules")
        self.list.currentRowChanged.connect(self._choose)
        self.figure = QComboBox()
        for name in FigureName:
            self.figure.addItem(title_of(name, 0).replace(", 0 d", ""), name)
        self.name, self.limit = QLineEdit(), QLineEdit()
        self.comparison = QComboBox()
        self.comparison.addItem("above the limit", "above")
        self.comparison.addItem("below the limit", "below")
        self.range = QComboBox()
        for days in (1, 7, 30, 90):
            self.range.addItem(f"{days} d", days)
        self.severity = QComboBox()
        for severity, words in (
            ("P1", "sales or sign-in down"),
            ("P2", "a limit is broken"),
            ("P3", "degraded"),
            ("P4", "for information"),
        ):
            self.severity.addItem(f"{severity} · {words}", severity)
        self.minutes = QSpinBox()
        self.minutes.setRange(0, 1440)
        self.minutes.setSuffix(" min")
        self.guidance, self.runbook = QPlainTextEdit(), QLineEdit()
        self.guidance.setTabChangesFocus(True)
        self.guidance.setPlaceholderText("One step a line")
        self.runbook.setPlaceholderText("https://…")
        self.enabled = QCheckBox("Evaluate this rule")
        form = QFormLayout()
        for label, field in (
            ("Figure", self.figure),
            ("Title", self.name),
            ("Raise when", self.comparison),
            ("Limit", self.limit),
            ("Over the last", self.range),
            ("For at least", self.minutes),
            ("Severity", self.severity),
            ("What to do", self.guidance),
            ("Runbook", self.runbook),
            ("", self.enabled),
        ):
            field.setAccessibleName(label or "Evaluate this rule")
            form.addRow(label, field)
        row = QHBoxLayout()
        row.addWidget(self.list, 2)
        row.addLayout(form, 3)
        self.column.addLayout(row)
        reason = console.write_blocker(Permission.MANAGE_ALERTS)
        self._save = next(b for b in self.buttons.buttons() if b.text() == "Save")
        self._save.setEnabled(reason is None)
        self._save.setToolTip(reason or "")
        if reason is not None:
            self.fail(f"To change rules: {reason}.")
        self.look(console.tasks, self._load(), "load alert rules")

    @property
    def _currency(self) -> str:
        return self._console.figures.currency if self._console.figures else "EUR"

    async def _load(self, choose: str = "") -> None:
        try:
            page = await self._console.of(Alerts).rules()
        except OperationsError as error:
            self.fail(str(error))
            return
        self._rules = list(page.items)
        self.list.clear()
        for rule in self._rules:
            word = "over" if rule.comparison == "above" else "under"
            unit = unit_of(rule.figure, self._currency)
            head = f"{rule.severity}  {rule.title}\n{title_of(rule.figure, rule.range_days)}"
            text = f"{head} {word} {shown(rule.figure, rule.value, self._currency)} {unit}"
            item = QListWidgetItem(text + ("" if rule.enabled else " (off)"))
            self.list.addItem(item)
        new = QListWidgetItem(NEW)
        font = self.list.font()
        font.setItalic(True)
        new.setFont(font)
        self.list.addItem(new)
        row = next((n for n, rule in enumerate(self._rules) if rule.id == choose), 0)
        self.list.setCurrentRow(row)

    def _choose(self, row: int) -> None:
        rule = self._rules[row] if 0 <= row < len(self._rules) else None
        self._rule = rule
        self.figure.setEnabled(rule is None)
        if rule is None:
            for field in (self.name, self.limit, self.runbook):
                field.clear()
            self.guidance.clear()
            self.enabled.setChecked(True)
            return
        self.figure.setCurrentIndex(self.figure.findData(rule.figure))
        self.name.setText(rule.title)
        self.comparison.setCurrentIndex(self.comparison.findData(str(rule.comparison)))
        self.limit.setText(to_text(rule.value, rule.figure, self._currency))
        self.range.setCurrentIndex(self.range.findData(rule.range_days))
        self.minutes.setValue(rule.for_seconds // 60)
        self.severity.setCurrentIndex(self.severity.findData(str(rule.severity)))
        self.guidance.setPlainText(rule.guidance)
        self.runbook.setText(rule.runbook_url)
        self.enabled.setChecked(rule.enabled)

    def submit(self) -> None:
        """Save what changed."""
        from pydantic import ValidationError

        from models.alerts import AlertRuleChange, AlertRuleDraft

        figure = FigureName(self.figure.currentData())
        try:
            values = {
                "title": self.name.text().strip(),
                "comparison": self.comparison.currentData(),
                "value": to_rule_unit(self.limit.text(), figure, self._currency),
                "for_seconds": self.minutes.value() * 60,
                "range_days": self.range.currentData(),
                "severity": self.severity.currentData(),
                "guidance": self.guidance.toPlainText().strip(),
                "runbook_url": self.runbook.text().strip(),
                "enabled": self.enabled.isChecked(),
            }
            if self._rule is None:
                draft = AlertRuleDraft.model_validate(values | {"figure": figure})
                work = create_rule(self._console.mutations, draft)
            else:
                changed = {k: v for k, v in values.items() if v != getattr(self._rule, k)}
                if not changed:
                    self.fail("Nothing was changed.")
                    return
                work = change_rule(self._console.mutations, self._rule, AlertRuleChange.model_validate(changed))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            fields = {"title": self.name, "value": self.limit, "guidance": self.guidance, "runbook_url": self.runbook}
            field = fields.get(str(first["loc"][0])) if first["loc"] else None
            name = field.accessibleName() if field is not None else "The rule"
            self.fail(f"{name}: {str(first['msg']).removeprefix('Value error, ')}", field)
            return
        except ValueError as error:
            self.fail(str(error), self.limit)
            return
        if self._busy:
            work.close()
            return
        self._busy = True
        self.fail("")
        self.carry_out(self._console.tasks, self._store(work), "save an alert rule")

    async def _store(self, work: Coroutine[Any, Any, Outcome]) -> None:
        try:
            outcome = await work
        except InConflict:
            self.accept()  # the choice is asked for in a view of its own
            return
        except OperationsError as error:
            self.fail(f"{error} Your changes are still here; close and open to see the others'.")
            return
        finally:
            self._busy = False
        await self._load(str(outcome.answer.get("id", "")))
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
