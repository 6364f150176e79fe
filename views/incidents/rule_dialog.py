"""A rule that opens incidents, as it is edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QWidget

from app.incidents.settings import change_rule, create_rule
from app.runbooks import Runbooks
from models.alerts import Severity
from models.incidents import IncidentSeverity
from models.incidents.matrix import IncidentRuleChange, IncidentRuleDraft, RuleKind
from views.incidents.dialogs import named, paragraph, severities, split_words
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.widgets.fields import in_one_line, number_field

if TYPE_CHECKING:
    from app.console import Console
    from models.incidents.matrix import IncidentRule

GROUP_MOST, SERVICES_MOST = 100, 1_300
KINDS = {RuleKind.LASTING: "an alert burns for", RuleKind.BURST: "alerts of one group come within"}
AT_FAULT = {"title": "name", "group": "group", "services": "services", "alerts": "count", "minutes": "minutes"}


class RuleDialog(DecidingDialog):
    """When an incident is opened, and what it is then."""

    def __init__(self, console: Console, rule: IncidentRule | None, parent: QWidget) -> None:
        title = "New rule that opens incidents" if rule is None else "Change the rule"
        super().__init__(title, console.tasks, parent, accept="Add it" if rule is None else "Change it", hint="Why")
        self._console, self._rule = console, rule
        self.words.setParent(self)
        self.words.hide()
        self.name = named(rule.title if rule is not None else "", "Title")
        self.name.setPlaceholderText("Such as Downloads fail for long")
        self.kind = _box(
            "When", {words: kind for kind, words in KINDS.items()}, rule.kind if rule else RuleKind.LASTING
        )
        self.minutes = number_field(1, 1_440, rule.minutes if rule is not None else 10, "Minutes", " min")
        self.count = number_field(2, 1_000, (rule.alerts if rule is not None else None) or 5, "Alerts", " alerts")
        self.group = named((rule.group if rule is not None else None) or "", "Group of alerts", GROUP_MOST)
        self.group.setPlaceholderText("any, each by itself; such as downloads")
        least = {f"{severity} or worse": severity for severity in Severity}
        self.least = _box("Alerts that count", least, rule.least_severity if rule is not None else Severity.P2)
        self.severity = severities(rule.severity if rule is not None else IncidentSeverity.SEV3)
        self.services = named(", ".join(rule.services if rule is not None else ()), "Services", SERVICES_MOST)
        self.services.setPlaceholderText("checkout, downloads")
        known = {each.title: each.id for each in console.of(Runbooks).library.summaries}
        chosen = rule.runbook_id if rule is not None else None
        if chosen is not None and chosen not in known.values():  # retired, or not heard of: it stays as it is
            known["the runbook of now"] = chosen
        self.runbook = _box("Runbook", {"the closest to its alerts": None, **known}, chosen)
        self.enabled = QCheckBox("It is on")
        self.enabled.setChecked(rule is None or rule.enabled)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Title", self.name)
        form.addRow("When", in_one_line(self.count, self.kind, self.minutes))
        form.addRow("Group", self.group)
        form.addRow("Alerts that count", self.least)
        form.addRow("Opens a", self.severity)
        form.addRow("Services", self.services)
        form.addRow("Runbook", self.runbook)
        form.addRow("", self.enabled)
        self.column.addLayout(form)
        self.column.addWidget(paragraph("Later alerts of the group join the incident instead of opening another one."))
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self._kind_changed()
        self.name.setFocus()

    def _kind_changed(self, *_: object) -> None:
        self.count.setVisible(self.kind.currentData() == RuleKind.BURST)

    def submit(self) -> None:
        """Add or change it."""
        is_burst = self.kind.currentData() == RuleKind.BURST
        values: dict[str, Any] = {
            "title": self.name.text().strip(),
            "kind": self.kind.currentData(),
            "minutes": self.minutes.value(),
            "alerts": self.count.value() if is_burst else None,
            "group": self.group.text().strip() or None,
            "least_severity": self.least.currentData(),
            "severity": self.severity.currentData(),
            "services": split_words(self.services.text()),
            "runbook_id": self.runbook.currentData(),
            "runbook_link": (self._rule.runbook_link if self._rule is not None else "") or None,
            "enabled": self.enabled.isChecked(),
        }
        if not values["title"]:
            self.fail("It needs a title.", self.name)
            return
        rule, mutations = self._rule, self._console.mutations
        try:
            request = IncidentRuleChange(**values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = self.field_of(f"/{first['loc'][0]}") if first["loc"] else None
            self.fail(f"{field.accessibleName() if field is not None else 'The rule'}: {first['msg']}.", field)
            return
        if rule is None:
            self.send(lambda: create_rule(mutations, IncidentRuleDraft(**values)))
        elif all(value == getattr(rule, name) for name, value in values.items() if name != "runbook_link"):
            self.fail("Nothing is different.", self.name)
        else:
            self.send(lambda: change_rule(mutations, rule, request))

    def field_of(self, pointer: str) -> QWidget | None:
        known = AT_FAULT.get(pointer.strip("/").split("/")[0])
        found: QWidget | None = getattr(self, known) if known is not None else None
        return found


def _box(name: str, choices: dict[str, Any], chosen: Any) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for words, value in choices.items():
        box.addItem(words, value)
    box.setCurrentIndex(list(choices.values()).index(chosen))
    return box
