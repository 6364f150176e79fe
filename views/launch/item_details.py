"""What is told of an item below its row: why it holds, what else there is, its evidence, and what can be done."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.launch.countdown import offset_words
from models.launch.checklist import ItemStatus
from views.kit.following_panel import explain
from views.kit.theme import FOCUS, current, mixed
from views.kit.widgets.pill import Look, Pill
from views.launch.wording import evidence_age, limit_words, value_words

if TYPE_CHECKING:
    from models.launch.checklist import LaunchChecklistItem
    from views.launch.desk import LaunchDesk

ACTIONS = (
    ("launch.sign", "Sign off…"),
    ("launch.waive", "Go without it…"),
    ("launch.ask-again", "Ask owner again…"),
    ("launch.reopen", "Reopen…"),
)


class ItemDetails(QWidget):
    """Three columns of words, and buttons."""

    def __init__(self, desk: LaunchDesk, item: LaunchChecklistItem) -> None:
        super().__init__()
        self._desk, self.item = desk, item
        self.setAccessibleName(f"Item {item.number}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        grid = QGridLayout(self)
        grid.setContentsMargins(current().px(40), 8, 12, 8)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(2)
        self.why, self.plan, self.evidence = _words("Why"), _words("Plan"), _words("Evidence")
        for number, (title, label) in enumerate(
            (("How it stands", self.why), (self._plan_title(), self.plan), ("Evidence", self.evidence))
        ):
            head = QLabel(title)
            current().set_font(head, 9)
            head.setEnabled(False)
            grid.addWidget(head, 0, number)
            grid.addWidget(label, 1, number, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(number, 1)
        grid.setRowStretch(1, 1)
        self.buttons: dict[str, Pill] = {}
        column = QVBoxLayout()
        column.setSpacing(6)
        for known, words in ACTIONS:
            if self._offers(known):
                pill = Pill(words, Look.BUTTON, button=True)
                pill.clicked.connect(lambda _=False, each=known: desk.console.actions.execute(each))
                self.buttons[known] = pill
                column.addWidget(pill)
        column.addStretch(1)
        grid.addLayout(column, 0, 3, 2, 1)
        self.renew(item)

    def _offers(self, action: str) -> bool:
        pending = self.item.status is ItemStatus.PENDING
        if action == "launch.ask-again":
            return self.item.late_seconds is not None
        if self.item.automatic:
            return False
        return pending if action in {"launch.sign", "launch.waive"} else not pending

    def _plan_title(self) -> str:
        plan = self.item.contingency
        return "Contingency plan" if plan is None else f"Contingency plan: {plan.title}"

    def renew(self, item: LaunchChecklistItem) -> None:
        """Show the item as it is now."""
        self.item = item
        self.why.setText(_paragraphs(*self._why_lines(item)))
        plan = item.contingency
        if plan is None:
            self.plan.setText(_paragraphs("None is written down."))
        else:
            steps = " ".join(f"{number}. {step}" for number, step in enumerate(plan.steps, 1))
            decide = f"Decide by {offset_words(plan.decide_by)}, owner {self._role(plan.owner_role)}"
            self.plan.setText(_paragraphs(f"When {plan.trigger[:1].lower()}{plan.trigger[1:]}", steps, decide))
        self.evidence.setText(_paragraphs(*self._evidence_lines(item)))
        for known, pill in self.buttons.items():
            explain(pill, self._desk.console.actions.reason(self._desk.console.actions.get(known)))

    def _role(self, role: str) -> str:
        launch = self._desk.launch
        names = {each.role: each.name for each in launch.roll} if launch is not None else {}
        return names.get(role, role.replace("-", " ").capitalize())

    def _why_lines(self, item: LaunchChecklistItem) -> list[str]:
        lines = []
        if item.status is ItemStatus.APPROVED:
            who = "the system" if item.automatic else item.completed_by_name or "somebody"
            lines.append(f"Signed by {who}.")
        elif item.waiver is not None and item.status is ItemStatus.WAIVED:
            lines.append(f"Waived until {item.waiver.until:%Y-%m-%d %H:%M} UTC: {item.waiver.reason}")
            lines.append(f"Asked for by {item.waiver.asked_by_name}, approved by {item.waiver.approver_name}.")
        elif item.waits_for:
            lines.append(f"Waits for {', '.join(self._desk.descriptions(item.waits_for))}.")
        elif item.late_seconds is not None:
            holds = "It holds the launch." if item.blocking else "It informs only, and holds nothing."
            lines.append(f"Not signed when it was due, {item.due_date:%H:%M} UTC. {holds}")
        else:
            lines.append(f"Due {item.due_date:%Y-%m-%d %H:%M} UTC.")
        lines += [text for text in (item.notes, item.entry_criteria) if text]
        if item.reopened_reason:
            lines.append(f"Reopened: {item.reopened_reason}")
        return lines

    def _evidence_lines(self, item: LaunchChecklistItem) -> list[str]:
        status = self._desk.status
        figures = {each.key: each for each in status.evidence} if status is not None else {}
        # Names of computers have no blanks: they may be broken at their dots.
        hosts = [urlsplit(link.url).netloc.replace(".", ".\N{ZERO WIDTH SPACE}") for link in item.evidence]
        lines = [f"{link.label}, {host}" for link, host in zip(item.evidence, hosts, strict=True)]
        for key in item.criteria:
            each = figures.get(key)
            if each is None:
                lines.append(f"{key}: no data")
                continue
            value = " ".join(filter(None, value_words(each)))
            age = evidence_age(each, self._desk.told_now)
            lines.append(f"{each.label}: {value}, {limit_words(each)}, {age}, {each.verdict}")
        return lines or ["None yet."]

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, painter = current().tokens, QPainter(self)
        painter.fillRect(self.rect(), mixed(tokens.selection, tokens.window, 0.4))
        if self.item.late_seconds is not None and self.item.blocking:
            painter.fillRect(0, 0, FOCUS + 1, self.height(), QColor(tokens.p2))


def _words(name: str) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAccessibleName(name)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _paragraphs(*lines: str) -> str:
    return "<br>".join(escape(line) for line in lines)
