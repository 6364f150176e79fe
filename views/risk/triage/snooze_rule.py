"""Keep one rule quiet for the customer, card or e-mail of a case."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QRadioButton, QWidget

from app.risk.rules import snooze_rule
from models.risk.suppression import SnoozeSubject
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.risk.triage.wording import chip

if TYPE_CHECKING:
    from app.console import Console
    from models.risk.case import RiskCase

DAYS = (1, 7, 30, 90)


def subjects(case: RiskCase) -> list[tuple[SnoozeSubject, str]]:
    """Whom a rule can be quiet for, in words; only what the order came with."""
    customer, last4 = case.customer, case.order.card_last4
    found = []
    if customer.customer_id is not None:
        found.append((SnoozeSubject.CUSTOMER, f"&Customer {customer.customer_id}"))
    if last4 is not None:
        found.append((SnoozeSubject.CARD, f"Car&d ending {last4}"))
    if customer.email is not None:
        found.append((SnoozeSubject.EMAIL, f"&E-mail {customer.email}"))
    return found


def snooze_blocker(case: RiskCase | None) -> str | None:
    """Why no rule can be snoozed for a case; ``None``: it can."""
    if case is None:
        return "no case is read"
    if not case.decision.explanation:
        return "no rule fired"
    return None if subjects(case) else "the order came without customer, card and e-mail"


class SnoozeRuleDialog(DecidingDialog):
    """Which rule, for whom, for how long, and why. Decisions that were made stay as they are."""

    def __init__(self, case: RiskCase, console: Console, parent: QWidget) -> None:
        super().__init__("Snooze a rule", console.tasks, parent, accept="Snooze the rule", hint="Why")
        self._case, self._console = case, console
        head = QLabel(
            "A rule stays quiet for somebody, from the next order on. "
            "For more than 7 of 90 days somebody else has to agree."
        )
        head.setWordWrap(True)
        current().set_font(head, 12, 600)
        self.column.addWidget(head)
        self.rule = QComboBox()
        self.rule.setAccessibleName("Rule")
        for fired in sorted(case.decision.explanation, key=lambda each: -each.severity):
            self.rule.addItem(f"{chip(fired.rule_id)}: {fired.description}", fired.rule_id)
        self.column.addWidget(self.rule)
        self.whom = [(QRadioButton(words), subject) for subject, words in subjects(case)]
        self.spans = [(QRadioButton(f"&{days} day{'s' * (days > 1)}"), timedelta(days=days)) for days in DAYS]
        for group in (self.whom, self.spans):
            row = QHBoxLayout()
            box = QWidget()  # radio buttons of one parent exclude each other
            for button, _ in group:
                row.addWidget(button)
            row.addStretch(1)
            box.setLayout(row)
            row.setContentsMargins(0, 0, 0, 0)
            self.column.addWidget(box)
        self.whom[0][0].setChecked(True)
        self.spans[1][0].setChecked(True)
        self.ask_for_words()
        self.rule.setFocus()

    def submit(self) -> None:
        words = self.checked_words()
        if words is None:
            return
        whom, subject = next((b.text().replace("&", ""), s) for b, s in self.whom if b.isChecked())
        span = next(span for button, span in self.spans if button.isChecked())
        # A little less, so that a clock which is ahead does not ask for more than the server allows.
        until = self._console.clock.now().astimezone(UTC) + span - timedelta(minutes=1)
        rule_id = str(self.rule.currentData())
        entry_id = self._case.entry.entry_id

        async def quiet() -> None:
            outcome = await snooze_rule(self._console.mutations, rule_id, subject, entry_id, until, words)
            if "approvalId" in outcome.answer:
                self._console.messages.post(
                    f"{chip(rule_id)} is not quiet yet: so long a snooze waits under Access for somebody else to agree."
                )
                return
            end = f"{until.day} {until:%b %H:%M} UTC"
            self._console.messages.post(f"{chip(rule_id)} is quiet until {end} for: {whom}. It is listed under Lists.")

        self.send(quiet)
