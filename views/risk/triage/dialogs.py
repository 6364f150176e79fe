"""Escalating, snoozing, deciding about several entries, and names of filters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QRadioButton

from app.core.errors import OperationsError
from app.risk.queue import Risk
from models.core.formatting import money
from models.core.wording import counted
from models.risk.queue import BulkOutcome, DecideEntry, EntryStatus, EntryVerdict, EscalateTo
from views.kit.dialogs.conflict import ConflictDialog
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.instant import InstantField
from views.kit.widgets.table import Column, RecordTable
from views.risk.triage.wording import amount, country

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.console import Console
    from models.risk.queue import BulkAnswer, RiskQueueEntry

SNOOZE_MOST = timedelta(days=30)
_OUTCOMES = {
    BulkOutcome.DECIDED: "will be decided",
    BulkOutcome.PROPOSED: "needs a second person after you",
    BulkOutcome.OVERRULED: "opens again: the first verdict was another one",
    BulkOutcome.ESCALATED: "will be escalated",
    BulkOutcome.UNCHANGED: "was decided so before",
    BulkOutcome.REFUSED: "stays as it is",
}
_INTENTS = {"release": "released", "refund": "refunded", "cancel": "cancelled"}


class EscalateDialog(DecidingDialog):
    """To whom, and why."""

    def __init__(
        self,
        words: str,
        typed: str,
        console: Console,
        send: Callable[[EscalateTo, str], Awaitable[object]],
        parent: QWidget,
    ) -> None:
        super().__init__("Escalate", console.tasks, parent, accept="Escalate", hint="Why, and what is to be found out")
        self._send_to = send
        head = QLabel(words)
        current().set_font(head, 12, 600)
        head.setWordWrap(True)
        self.column.addWidget(head)
        self.finance = QRadioButton("&Finance: chargebacks, refunds, banks")
        self.support = QRadioButton("&Support: ask the customer")
        self.finance.setChecked(True)
        self.column.addWidget(self.finance)
        self.column.addWidget(self.support)
        self.words.setPlainText(typed)
        self.ask_for_words()

    def submit(self) -> None:
        words = self.checked_words()
        if words is not None:
            to = EscalateTo.FINANCE if self.finance.isChecked() else EscalateTo.SUPPORT
            self.send(lambda: self._send_to(to, words))


class SnoozeDialog(DecidingDialog):
    """Until when; why, if there is something to say."""

    def __init__(
        self,
        words: str,
        now: datetime,
        due: datetime,
        console: Console,
        send: Callable[[datetime, str], Awaitable[object]],
        parent: QWidget,
    ) -> None:
        super().__init__("Snooze", console.tasks, parent, accept="Snooze", hint="Why (may be empty)")
        self._console, self._send_until = console, send
        head = QLabel(words)
        current().set_font(head, 12, 600)
        head.setWordWrap(True)
        self.column.addWidget(head)
        now = now.astimezone(UTC)
        morning = (now + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
        self.choices = [
            (QRadioButton(text), at)
            for text, at in (
                ("&1 hour", now + timedelta(hours=1)),
                ("&4 hours", now + timedelta(hours=4)),
                (f"&Tomorrow {morning:%H:%M} UTC", morning),
                ("&3 days", now + timedelta(days=3)),
            )
        ]
        for button, at in self.choices:
            past = " – after it is due" if at > due else ""
            button.setText(f"{button.text()}{past}")
            self.column.addWidget(button)
        self.choices[0][0].setChecked(True)
        row = QHBoxLayout()
        self.other = QRadioButton("&Until")
        self.at = InstantField(morning, "Until, UTC")
        self.at.dateTimeChanged.connect(lambda *_: self.other.setChecked(True))
        row.addWidget(self.other)
        row.addWidget(self.at)
        row.addWidget(QLabel("UTC"))
        row.addStretch(1)
        self.column.addLayout(row)
        self.ask_for_words()
        self.choices[0][0].setFocus(Qt.FocusReason.OtherFocusReason)

    def submit(self) -> None:
        words = self.checked_words(needed=False)
        if words is None:
            return
        until = next((at for button, at in self.choices if button.isChecked()), None)
        if until is None:
            until = self.at.instant
        now = self._console.clock.now()
        if not now < until <= now + SNOOZE_MOST:
            self.fail("The end lies ahead, by at most 30 days.", self.at)
            return
        self.send(lambda: self._send_until(until, words))


class BulkDialog(DecidingDialog):
    """One decision about several entries: what it would do to each, before it is done to any."""

    def __init__(
        self,
        verb: str,
        entries: Sequence[RiskQueueEntry],
        console: Console,
        done: Callable[[BulkAnswer], Any],
        parent: QWidget,
    ) -> None:
        title = {"approve": "Approve", "reject": "Reject", "escalate": "Escalate"}[verb]
        many = counted(len(entries), "entry", "entries")
        hint = "Why" if verb != "approve" else "Note (may be empty)"
        words = f"{title} {many}"
        # Whatever the verb: money moves, and several times.
        super().__init__(words, console.tasks, parent, accept=words, hint=hint, destructive=True)
        self._verb, self._entries, self._console, self._done = verb, entries, console, done
        self.setMinimumWidth(current().px(640))
        head = QLabel(f"{words} in {console.environment or 'this environment'}?")
        current().set_font(head, 12, 600)
        head.setWordWrap(True)
        self.column.addWidget(head)
        self.summary = QLabel("Looking what it would do…")
        self.summary.setWordWrap(True)
        self.column.addWidget(self.summary)
        self.escalate_to: dict[EscalateTo, QRadioButton] = {}
        if verb == "escalate":
            row = QHBoxLayout()
            for to in EscalateTo:
                self.escalate_to[to] = QRadioButton(f"&{str(to).capitalize()}")
                row.addWidget(self.escalate_to[to])
            row.addStretch(1)
            self.escalate_to[EscalateTo.FINANCE].setChecked(True)
            self.column.addLayout(row)
        self._results: dict[str, Any] = {}
        currency = console.of(Risk).currency
        self.table = RecordTable(
            (
                Column("Order", lambda e: e.order_id, 96, mono=True, fits=True),
                Column("Amount", lambda e: amount(e, currency), 96, right=True),
                Column("What will happen", self._result_words, 240, stretch=True),
            ),
            "What will happen",
        )
        self.table.setMinimumHeight(current().px(160))
        self.table.set_rows(tuple(entries))
        self.column.addWidget(self.table, 1)
        self.ask_for_words()
        self.look(console.tasks, self._preview(), "preview of a decision")

    def _decision(self, words: str) -> DecideEntry:
        if self._verb == "escalate":
            to = next(to for to, button in self.escalate_to.items() if button.isChecked())
            return DecideEntry(status=EntryStatus.ESCALATED, escalate_to=to, notes=words)
        verdict = EntryVerdict.APPROVED if self._verb == "approve" else EntryVerdict.REJECTED
        return DecideEntry(status=EntryStatus.REVIEWED, verdict=verdict, notes=words)

    async def _preview(self) -> None:
        try:
            answer = await self._console.of(Risk).bulk_preview(self._entries, self._decision("preview"))
        except OperationsError as error:
            self.summary.setText("The preview could not be loaded.")
            self.fail(str(error))
            return
        self._results = {each.entry_id: each for each in answer.results}
        self.table.renew_rows(tuple(self._entries))
        counts: dict[str, int] = {}
        for each in answer.results:
            counts[_OUTCOMES[each.outcome]] = counts.get(_OUTCOMES[each.outcome], 0) + 1
        amounts = [each.reporting_minor for each in answer.results if each.outcome is not BulkOutcome.REFUSED]
        known = sum(each for each in amounts if each is not None)
        currency = self._console.of(Risk).currency
        worth = f" Together {money(known, currency)} {currency}." if currency and None not in amounts else ""
        self.summary.setText("; ".join(f"{count} {words}" for words, count in counts.items()) + "." + worth)

    def _result_words(self, entry: RiskQueueEntry) -> str:
        found = self._results.get(entry.entry_id)
        if found is None:
            return "…"
        words = _OUTCOMES[found.outcome]
        if found.words:
            return f"{words}: {found.words}"
        return f"{words}; the order is {_INTENTS[found.intent]}" if found.intent else words

    def submit(self) -> None:
        words = self.checked_words(needed=self._verb != "approve")
        if words is not None:
            self.send(lambda: self._decide(words))

    async def _decide(self, words: str) -> None:
        title = f"{self._verb.capitalize()} of {counted(len(self._entries), 'entry', 'entries')}"
        self._done(await self._console.of(Risk).bulk(self._entries, self._decision(words), title))


class EntryConflict(ConflictDialog):
    """An entry somebody else has changed, in the words of the queue."""

    def rows(
        self, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
    ) -> list[tuple[str, str, str, str]]:
        wanted = _mine(self.mutation.kind, mine)
        rows = [("Verdict", _verdict(base), wanted or "as it was", _verdict(theirs))]
        rows.append(("Held by", _holder(base), _holder_mine(self.mutation.kind, base), _holder(theirs)))
        why = str(mine.get("notes") or "–")
        rows.append(("Words", "–", why, _last_note(theirs, base)))
        return rows

    def mine_blocker(self, theirs: dict[str, Any]) -> str | None:
        if theirs.get("status") == "reviewed":
            return f"{theirs.get('decidedByName') or 'somebody'} {theirs.get('verdict')} it; only they can reopen it"
        return None

    def who_words(self, theirs: dict[str, Any]) -> str:
        by, at = theirs.get("decidedByName"), theirs.get("decidedAt")
        if not by:
            first = theirs.get("proposal") or {}
            by, at = first.get("byName"), first.get("at")
        if not by:
            by, at = theirs.get("assignedToName"), theirs.get("assignedAt")
        return f"{by} was first, at {str(at)[11:19]} UTC. Which one holds?" if by and at else ""


def _verdict(entry: dict[str, Any]) -> str:
    if entry.get("verdict"):
        return str(entry["verdict"])
    if entry.get("proposal"):
        return f"{entry['proposal'].get('verdict')} by {entry['proposal'].get('byName')}, needs one more"
    if entry.get("status") == "escalated":
        return f"escalated to {entry.get('escalatedTo')}"
    return "open"


def _mine(kind: str, fields: dict[str, Any]) -> str:
    if fields.get("verdict"):
        return str(fields["verdict"])
    if fields.get("escalateTo"):
        return f"escalated to {fields['escalateTo']}"
    return {"risk.snooze": f"snoozed until {str(fields.get('until'))[:16]}"}.get(kind, "")


def _holder(entry: dict[str, Any]) -> str:
    return str(entry.get("assignedToName") or entry.get("assignedTo") or "nobody")


def _holder_mine(kind: str, base: dict[str, Any]) -> str:
    return {"risk.claim": "you", "risk.take_over": "you", "risk.release": "nobody"}.get(kind) or _holder(base)


def _last_note(theirs: dict[str, Any], base: dict[str, Any]) -> str:
    known = len(base.get("notes") or ())
    later = (theirs.get("notes") or ())[known:]
    return str(later[-1].get("text")) if later else "–"


def sentence(entry: RiskQueueEntry, currency: str) -> str:
    """What a dialog is about."""
    where = f", {country(entry.ip_country)}" if entry.ip_country else ""
    unit = "" if amount(entry, currency).endswith(entry.currency) else f" {currency}"
    return f"{entry.order_id}, {amount(entry, currency)}{unit}{where}, score {entry.score}"
