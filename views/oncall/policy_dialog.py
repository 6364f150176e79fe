"""An escalation policy as it is edited: steps, how often they are repeated, and who is paged at last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.oncall.domain import OnCall, change_policy, create_policy
from app.oncall.wording import target_words
from models.alerts import Severity
from models.deliveries.routing import Team
from models.oncall.policies import Policy, PolicyChange, PolicyDefinition, PolicyRequest, Step, Target, TargetKind
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.discard import discard
from views.kit.widgets.fields import in_one_line, number_field
from views.oncall.fields import paragraph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.console import Console
    from views.oncall.desk import Desk

WIDE, STEPS_HIGH = 760, 300


class TargetsField(QWidget):
    """Whom a step pages, with a box to add another and a button for each to take it away."""

    def __init__(self, targets: tuple[Target, ...], schedules: Mapping[str, str], names: Mapping[str, str]) -> None:
        super().__init__()
        self.targets = list(targets)
        self._schedules, self._names = schedules, names
        self._shown: list[QPushButton] = []
        self.more = QComboBox()
        self.more.setAccessibleName("Page also")
        self.more.addItem("Page also…", None)
        for known, name in schedules.items():
            self.more.addItem(f"On call in {name}", Target(kind=TargetKind.ON_CALL, id=known))
        for known, name in schedules.items():
            self.more.addItem(f"Everybody in {name}", Target(kind=TargetKind.EVERYBODY, id=known))
        for known, name in sorted(names.items(), key=lambda item: item[1]):
            self.more.addItem(name, Target(kind=TargetKind.PERSON, id=known))
        self.more.activated.connect(self._add)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.more)
        self._row.addStretch(1)
        self._show()

    def _add(self, number: int) -> None:
        target = self.more.itemData(number)
        self.more.setCurrentIndex(0)
        if target is not None and target not in self.targets:
            self.targets.append(target)
            self._show()

    def remove(self, target: Target) -> None:
        """Page this one no longer."""
        self.targets.remove(target)
        self._show()
        self.more.setFocus()

    def _show(self) -> None:
        for button in self._shown:
            self._row.removeWidget(button)
            discard(button)
        self._shown = []
        for number, target in enumerate(self.targets):
            words = target_words(target, self._schedules, self._names)
            button = QPushButton(f"{words}  ×")
            button.setAutoDefault(False)
            button.setAccessibleName(f"Do not page {words}")
            button.setToolTip("Take it away")
            button.clicked.connect(lambda _=False, t=target: self.remove(t))
            self._row.insertWidget(number, button)
            self._shown.append(button)


class StepForm(QWidget):
    """One step."""

    def __init__(self, step: Step, schedules: Mapping[str, str], names: Mapping[str, str]) -> None:
        super().__init__()
        self.minutes = QSpinBox()
        self.minutes.setRange(0, 1440)
        self.minutes.setValue(step.after_minutes)
        self.minutes.setSuffix(" min")
        self.minutes.setAccessibleName("Minutes after the step before")
        self.targets = TargetsField(step.targets, schedules, names)
        self.team = QCheckBox("and the team’s channels")
        self.team.setChecked(step.tell_team)
        self.boxes = {severity: QCheckBox(str(severity)) for severity in Severity}
        for severity, box in self.boxes.items():
            box.setChecked(severity in step.severities or not step.severities)
            box.setAccessibleName(f"For {severity}")
        self.gone = QPushButton("Remove")
        self.gone.setAutoDefault(False)
        self.number = QLabel()
        current().set_font(self.number, 10, 600)
        top, low = QHBoxLayout(), QHBoxLayout()
        parts: tuple[QWidget, ...] = (self.number, QLabel("after"), self.minutes, self.targets)
        for part in parts:
            top.addWidget(part)
        top.addStretch(1)
        low.addSpacing(current().px(28))
        parts = (self.team, QLabel("for"), *self.boxes.values())
        for part in parts:
            low.addWidget(part)
        low.addStretch(1)
        low.addWidget(self.gone)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(low)

    def step(self) -> Step:
        """As it stands in the fields. Raises ValidationError."""
        chosen = tuple(severity for severity, box in self.boxes.items() if box.isChecked())
        everything = len(chosen) in {0, len(self.boxes)}
        return Step(
            after_minutes=self.minutes.value(),
            targets=tuple(self.targets.targets),
            tell_team=self.team.isChecked(),
            severities=() if everything else chosen,
        )


class PolicyDialog(DecidingDialog):
    """A new policy, or another version of one; pages that run stay under theirs."""

    def __init__(self, console: Console, desk: Desk, policy: Policy | None, parent: QWidget) -> None:
        title = "New escalation policy" if policy is None else f"Change {policy.name}"
        super().__init__(title, console.tasks, parent, accept="Add" if policy is None else "Change", hint="Why")
        self._console, self._policy = console, policy
        self._schedules, self._names = desk.schedule_names, console.of(OnCall).names()
        self.setMinimumWidth(current().px(WIDE))
        definition = policy.definition if policy is not None else self._first()
        self.name, self.team = QLineEdit(policy.name if policy is not None else ""), QComboBox()
        self.name.setAccessibleName("Name")
        self.team.setAccessibleName("Team")
        for team in Team:
            self.team.addItem(str(team).capitalize(), team)
        self.team.setCurrentIndex(max(0, self.team.findData(policy.team if policy is not None else None)))
        head = QFormLayout()
        head.addRow("Name", self.name)
        head.addRow("Team", self.team)
        self.column.addLayout(head)
        self._make_steps(definition)
        self._make_end(definition)
        self.archived = QCheckBox("Archive it: nothing is paged by it any more, and pages that run go on")
        self.archived.setVisible(policy is not None)
        self.column.addWidget(self.archived)
        if policy is None:
            self.words.setParent(self)
            self.words.hide()
        else:
            self.column.addWidget(self.words)
            self.words.setFixedHeight(current().px(52))
        self.name.setFocus()

    def _first(self) -> PolicyDefinition:
        targets = tuple(Target(kind=TargetKind.ON_CALL, id=known) for known in list(self._schedules)[:1])
        return PolicyDefinition(steps=(Step(after_minutes=0, targets=targets, tell_team=not targets),))

    def _make_steps(self, definition: PolicyDefinition) -> None:
        self.forms: list[StepForm] = []
        inside = QWidget()
        self._steps = QVBoxLayout(inside)
        self._steps.setContentsMargins(0, 0, 8, 0)
        self._steps.setSpacing(0)
        self._steps.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        scroll.setMinimumHeight(current().px(STEPS_HIGH))
        self.column.addWidget(paragraph("Each step is taken when nobody has answered the ones before."))
        self.column.addWidget(scroll, 1)
        for step in definition.steps:
            self._add(step)
        self.more = QPushButton("Add a step")
        self.more.setAutoDefault(False)
        self.more.clicked.connect(self.add_step)
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch(1)
        self.column.addLayout(row)

    def _make_end(self, definition: PolicyDefinition) -> None:
        self.repeats = number_field(0, 9, definition.repeats, "Repeated", " times")
        self.again = number_field(1, 1440, definition.again_after_minutes, "Minutes before that", " min")
        self.fallback = TargetsField(definition.fallback, self._schedules, self._names)
        self.fallback.more.setAccessibleName("Page at last")
        self.reopen = QCheckBox("An acknowledged page is open again without an end after")
        self.reopen.setChecked(definition.unacknowledge_minutes is not None)
        self.reopen_minutes = number_field(1, 1440, definition.unacknowledge_minutes or 30, "Open again after", " min")
        self.reopen_minutes.setEnabled(self.reopen.isChecked())
        self.reopen.toggled.connect(self.reopen_minutes.setEnabled)
        end = QFormLayout()
        end.addRow("Repeated", in_one_line(self.repeats, QLabel("each time after"), self.again))
        end.addRow("At last", self.fallback)
        self.column.addLayout(end)
        self.column.addWidget(in_one_line(self.reopen, self.reopen_minutes))

    # --- steps -------------------------------------------------------------------------------------------------

    def _add(self, step: Step) -> StepForm:
        form = StepForm(step, self._schedules, self._names)
        form.gone.clicked.connect(lambda: self.remove_step(form))
        self.forms.append(form)
        self._steps.insertWidget(len(self.forms) - 1, form)
        self._number_steps()
        return form

    def add_step(self) -> None:
        """Add a step behind the others and go there."""
        self._add(Step(after_minutes=10, targets=(), tell_team=True)).minutes.setFocus()

    def remove_step(self, form: StepForm) -> None:
        """Take a step away, while there is another."""
        if len(self.forms) > 1:
            self.forms.remove(form)
            self._steps.removeWidget(form)
            discard(form)
            self._number_steps()
            self.more.setFocus()

    def _number_steps(self) -> None:
        for number, form in enumerate(self.forms, start=1):
            form.number.setText(f"{number}.")
            form.gone.setEnabled(len(self.forms) > 1)
            form.gone.setToolTip("" if len(self.forms) > 1 else "a policy has at least one step")
            form.gone.setAccessibleName(f"Remove step {number}")

    # --- sending -----------------------------------------------------------------------------------------------

    def definition(self) -> PolicyDefinition | None:
        """What was typed; ``None`` after saying what is wrong with it."""
        steps = []
        for number, form in enumerate(self.forms, start=1):
            try:
                steps.append(form.step())
            except ValidationError as error:
                self.fail(f"Step {number}: {_words(error)}.", form.targets.more)
                return None
        given: dict[str, Any] = {
            "steps": tuple(steps),
            "repeats": self.repeats.value(),
            "again_after_minutes": self.again.value(),
            "fallback": tuple(self.fallback.targets),
        }
        if self.reopen.isChecked():
            given["unacknowledge_minutes"] = self.reopen_minutes.value()
        try:
            return PolicyDefinition(**given)
        except ValidationError as error:
            words = _words(error)
            self.fail(f"{words[:1].upper()}{words[1:]}.", self.forms[0].boxes[Severity.P1])
            return None

    def submit(self) -> None:
        """Add or change it."""
        name = self.name.text().strip()
        if not name:
            self.fail("A policy has a name.", self.name)
            return
        definition = self.definition()
        if definition is None:
            return
        mutations, team = self._console.mutations, self.team.currentData()
        if self._policy is None:
            request = PolicyRequest(name=name, team=team, definition=definition)
            self.send(lambda: create_policy(mutations, request))
            return
        words = self.checked_words()
        if words is None:
            return
        policy = self._policy
        change = PolicyChange(
            name=name,
            team=team,
            description=policy.description,
            definition=definition,
            archived=self.archived.isChecked(),
            reason=words,
        )
        self.send(lambda: change_policy(mutations, policy, change))

    def field_of(self, pointer: str) -> QWidget | None:
        match pointer.strip("/").split("/"):
            case ["name"]:
                return self.name
            case ["definition", "steps", number, *_] if number.isdecimal() and int(number) < len(self.forms):
                return self.forms[int(number)].targets.more
            case ["definition", "fallback", *_]:
                return self.fallback.more
            case ["reason"]:
                return self.words
        return None


def _words(error: ValidationError) -> str:
    return str(error.errors(include_url=False, include_input=False)[0]["msg"]).removeprefix("Value error, ")
