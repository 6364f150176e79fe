"""Dialogs about lists, snoozes and breakers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QFormLayout, QLineEdit, QWidget

from app.risk.rule_edits import slug
from app.risk.rules import add_entry, create_list
from models.risk.metrics import METRICS
from models.risk.rules import ListEntryDraft, ListKind, RiskListDraft
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.widgets.instant import InstantField
from views.risk.rules.dialogs import words_label
from views.risk.rules.value_fields import Choice

if TYPE_CHECKING:
    from app.console import Console
    from models.risk.rules import RiskList

KIND_WORDS = {
    ListKind.ALLOW: "approves the order, whatever the rules say",
    ListKind.BLOCK: "blocks the order, unless a list approves it",
    ListKind.CUSTOM: "nothing by itself; rules ask for it",
}
DEFAULT_DAYS = 30


def first_problem(error: Any) -> str:
    """The first thing that is wrong, in words."""
    first = error.errors(include_url=False)[0]
    return str(first["msg"]).removeprefix("Value error, ")


class NewListDialog(DecidingDialog):
    """Title, what it holds, what it does by itself."""

    def __init__(self, console: Console, made: Callable[[str], Awaitable[None]], parent: QWidget) -> None:
        super().__init__("New list", console.tasks, parent, accept="Make the list", hint="Why")
        self._console, self._made = console, made
        self.words.setParent(self)
        self.words.hide()
        self.name = QLineEdit()
        self.name.setMaxLength(200)
        self.name.setPlaceholderText("Such as Stolen cards")
        self.holds, self.kind = Choice(), Choice()
        for metric in METRICS.values():
            if metric.listed:
                self.holds.addItem(metric.title, metric.key)
        for kind, words in KIND_WORDS.items():
            self.kind.addItem(words, kind)
        self.kind.setCurrentIndex(2)
        form = QFormLayout()
        for label, field in (("Title", self.name), ("Holds values of", self.holds), ("Being on it", self.kind)):
            field.setAccessibleName(label)
            form.addRow(label, field)
        self.column.addLayout(form)

    def submit(self) -> None:
        """Make it."""
        from pydantic import ValidationError

        title = self.name.text().strip()
        if not title:
            self.fail("A list needs a title.", self.name)
            return
        try:
            request = RiskListDraft(
                list_id=slug(title),
                title=title,
                kind=ListKind(self.kind.currentData()),
                metric=self.holds.currentData(),
            )
        except ValidationError as error:
            self.fail(f"{first_problem(error)}.", self.name)
            return
        self.send(lambda: self._make(request))

    async def _make(self, request: RiskListDraft) -> None:
        await create_list(self._console.mutations, request)
        await self._made(request.list_id)


class AddEntryDialog(DecidingDialog):
    """A value, until when, and why."""

    def __init__(self, console: Console, one: RiskList, parent: QWidget) -> None:
        super().__init__(f"Add to “{one.title}”", console.tasks, parent, accept="Add it", hint="Why it is on the list")
        self._console, self._one = console, one
        metric = METRICS.get(one.metric)
        holds = metric.title if metric is not None else one.metric
        self.value = QLineEdit()
        self.value.setMaxLength(200)
        self.value.setPlaceholderText(_example(one.metric))
        self.ends = QCheckBox("Only until")
        self.at = InstantField(console.clock.now() + timedelta(days=DEFAULT_DAYS), "Until", unit="UTC")
        self.at.setEnabled(False)
        self.ends.toggled.connect(self.at.setEnabled)
        form = QFormLayout()
        for label, field in ((holds, self.value), ("", self.ends), ("Until", self.at)):
            field.setAccessibleName(label or "Only until an instant")
            form.addRow(label, field)
        does = f"Being on it {KIND_WORDS[one.kind]}." if one.kind is not ListKind.CUSTOM else "Rules ask for it."
        if one.kind is ListKind.ALLOW:
            does += " It is on it once somebody else has agreed, under Access."
        self.column.addWidget(words_label(does))
        self.column.addLayout(form)
        self.column.addWidget(self.words)
        self.value.setFocus()

    def submit(self) -> None:
        """Add it."""
        from pydantic import ValidationError

        value = self.value.text().strip()
        if not value:
            self.fail("Type the value first.", self.value)
            return
        words = self.checked_words()
        if words is None:
            return
        given: dict[str, Any] = {"value": value, "reason": words}
        if self.ends.isChecked():
            given["until"] = self.at.instant
            if given["until"] <= self._console.clock.now():
                self.fail("The end lies ahead.", self.at)
                return
        try:
            request = ListEntryDraft(**given)
        except ValidationError as error:
            self.fail(f"{first_problem(error)}.", self.value)
            return
        self.send(lambda: self._add(request))

    async def _add(self, request: ListEntryDraft) -> None:
        outcome = await add_entry(self._console.mutations, self._one, request)
        if "approvalId" in outcome.answer:  # nothing in the list has changed, so it has to be said
            self._console.messages.post(
                f"{request.value} is not on “{self._one.title}” yet: it waits under Access for somebody else to agree."
            )


class ConfirmDialog(DecidingDialog):
    """Says what ends or goes, asks why where that is kept, and does it."""

    def __init__(
        self,
        console: Console,
        title: str,
        words: str,
        accept: str,
        run: Callable[[str], Awaitable[object]],
        parent: QWidget,
        *,
        reason: bool = True,
    ) -> None:
        hint = "Why; it is kept in the audit log"
        super().__init__(title, console.tasks, parent, accept=accept, hint=hint, destructive=True)
        self._run, self._reason = run, reason
        self.column.addWidget(words_label(words))
        if reason:
            self.ask_for_words()
        else:
            self.words.setParent(self)
            self.words.hide()

    def submit(self) -> None:
        """Do it."""
        words = self.checked_words() if self._reason else ""
        if words is not None:
            self.send(lambda: self._run(words))


def _example(metric: str) -> str:
    if metric.endswith("_country"):
        return "A country's code, such as DE"
    return {
        "email": "name@example.com",
        "email_alias": "name@example.com, for name+anything@ too",
        "email_domain": "example.com",
        "ip": "203.0.113.7",
        "ip_network": "203.0.113.0/24 or 2001:db8:1:2::/64",
        "customer_id": "The customer's id in the shop",
        "card": "The card's fingerprint, never its number",
    }.get(metric, "As orders have it")
