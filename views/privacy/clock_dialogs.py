"""Stop the clock of a request where the law allows it, and take the longer time with the notice that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QWidget

from app.privacy import mutations
from models.core.wording import counted
from models.privacy.requests import PauseReason, PeriodUnit
from views.kit.theme import current
from views.privacy.dialog import RequestDialog
from views.privacy.wording import PAUSES, date_of

if TYPE_CHECKING:
    from models.privacy.requests import JurisdictionRules
    from views.privacy.desk import PrivacyDesk

NOTICE = (
    "We need more time for your request {reference}. You will have our answer by then at the latest. You may complain "
    "to the supervisory authority."
)


def rules_of(dialog: RequestDialog) -> JurisdictionRules | None:
    """What the law of the request says, as far as it was heard."""
    sample = dialog.desk.privacy.jurisdictions().sample
    known = sample.value if sample is not None else ()
    return next((each for each in known if each.code is dialog.request.jurisdiction), None)


def period_words(rules: JurisdictionRules, length: int) -> str:
    """``3 months``, ``90 days``."""
    return counted(length, "month" if rules.unit is PeriodUnit.MONTHS else "day")


class StopClockDialog(RequestDialog):
    """Stops the clock for a reason the law allows."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Stop the clock", accept="Stop it", hint="What the person was asked")
        self.said = self.say("The law says for what it may stand still. Each day it stands moves its dates on by one.")
        self.reason = QComboBox()
        self.fields(("Why", self.reason))
        self.ask_for_words()
        self._offer()
        self.look(desk.console.tasks, self._load(), "reading of the law")

    async def _load(self) -> None:
        await self.desk.privacy.jurisdictions().refresh()
        self._offer()

    def _offer(self) -> None:
        rules = rules_of(self)
        allowed = rules.pauses if rules is not None else tuple(PauseReason)
        known = [reason for reason in allowed if reason is not PauseReason.IDENTITY or self.request.verified_at is None]
        if [self.reason.itemData(n) for n in range(self.reason.count())] != known:
            self.reason.clear()
            for reason in known:
                self.reason.addItem(PAUSES[reason], reason)
        if rules is not None and not known:
            self.said.setText(f"{rules.title}: its clock may not stand still for anything now ({rules.law}).")

    def submit(self) -> None:
        """Stop it."""
        reason: PauseReason | None = self.reason.currentData()
        if reason is None:
            self.fail("The law allows none.", self.reason)
            return
        words = self.checked_words()
        if words is not None:
            self.send(lambda: mutations.stop_clock(self.console.mutations, self.request, reason, words))


class ExtendDialog(RequestDialog):
    """Takes the longer time; the person is told before the first date."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Extend legal date", accept="Extend and tell them", hint="Why; for the log")
        self.said = self.say("")
        self.notice = QPlainTextEdit(NOTICE.format(reference=self.request.reference))
        self.notice.setAccessibleName("What the person is told")
        self.notice.setTabChangesFocus(True)
        self.notice.setFixedHeight(current().px(96))
        self.notice.installEventFilter(self)
        self.say("What the person is told, by the shop:")
        self.column.addWidget(self.notice)
        self.ask_for_words()
        self._explain()
        self.look(desk.console.tasks, self._load(), "reading of the law")

    async def _load(self) -> None:
        await self.desk.privacy.jurisdictions().refresh()
        self._explain()

    def _explain(self) -> None:
        rules, due = rules_of(self), date_of(self.request.due_at)
        words = f"It is due on {due}. It can be extended once, and only while the person can still be told before that."
        if rules is not None:
            long = period_words(rules, rules.extended)
            words = f"{rules.title} gives {long} from receipt instead of {period_words(rules, rules.period)}. {words}"
        self.said.setText(words)

    def submit(self) -> None:
        """Extend it."""
        words, notice = self.checked_words(), self.notice.toPlainText().strip()
        if words is None:
            return
        if not notice:
            self.fail("Say what the person is told.", self.notice)
            return
        self.send(lambda: mutations.extend(self.console.mutations, self.request, words, notice))
