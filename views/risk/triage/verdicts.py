"""What the keys of Triage do: verdicts about one entry or several, and taking back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut

from app.core.errors import OperationsError
from app.core.mutation_types import InConflict
from app.core.outbox import State
from app.risk.queue import Risk
from models.core.permissions import Permission
from models.core.wording import counted
from views.risk.triage.cursor import Cursor, report_errors
from views.risk.triage_actions import CASE, QUEUE, TRIAGE_ACTIONS

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtWidgets import QDialog

    from app.core.mutation_types import Outcome
    from models.risk.queue import BulkAnswer, EscalateTo, RiskQueueEntry
    from views.kit.capability import Window
    from views.risk.triage.case_panel import CasePanel
    from views.risk.triage.queue_panel import QueuePanel

FOR_SEVERAL = frozenset({"approve", "reject", "escalate"})
"""What is done to all that are selected."""
Deciding = Callable[[], Awaitable["Outcome"]]
"""Keeps a decision, and answers what became of it so far."""


class Verdicts(QObject):
    """Between queue and case: one cursor, one set of keys."""

    def __init__(self, window: Window) -> None:
        self.queue: QueuePanel = window.panel(QUEUE)
        self.case: CasePanel = window.panel(CASE)
        queue, case = self.queue, self.case
        super().__init__(queue.widget)
        self._console, self._risk = window.console, window.console.of(Risk)
        self.cursor = Cursor(self._console, queue, case)
        self.cursor.choice_wanted.connect(self._settle)
        self.cursor.opened.connect(lambda: window.open_panel(CASE))
        queue.table.link_pressed.connect(self._settle)
        case.verb_asked.connect(self.do)
        case.rule_snooze_asked.connect(self._snooze_rule)
        case.field.left.connect(queue.table.setFocus)
        self._bind()

    # --- keys --------------------------------------------------------------------------------------------------

    def run(self, name: str) -> None:
        """Do what an action of ``TRIAGE_ACTIONS`` says."""
        match name:
            case "next" | "previous":
                self.queue.table.step(1 if name == "next" else -1)
            case "snooze-rule":
                self._snooze_rule()
            case "select":
                self._toggle()
            case "take":
                self._start_take_next()
            case "filter":
                self._to_filter()
            case "undo":
                self.take_back()
            case "save-filter":
                self.queue.save_filter()
            case "copy-link":
                self.queue.copy_link()
            case _:
                self.do(name)

    def blocker(self, name: str) -> str | None:
        """Why it cannot be done now, in words; ``None`` when it can."""
        match name:
            case "approve" | "reject" | "escalate" | "snooze" | "claim" | "note":
                return self._verb_blocker(name)
            case "snooze-rule":
                return self._snooze_rule_blocker()
            case "select":
                return self._select_blocker()
            case "take":
                return self._take_blocker()
            case _:
                return None

    def _bind(self) -> None:
        """Keys mean something only while the keyboard is in one of the two docks; text fields keep their letters."""
        for action in TRIAGE_ACTIONS:
            if not action.shortcut:
                continue
            for panel in (self.queue, self.case):
                shortcut = QShortcut(QKeySequence(action.shortcut), panel.widget)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(lambda i=action.id: self.press(i))
        escape = QShortcut(QKeySequence("Esc"), self.queue.table)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._let_go)
        back = QShortcut(QKeySequence("Esc"), self.case.area)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self.queue.table.setFocus)

    def press(self, action_id: str) -> None:
        """Run an action by its key; a disabled one says why."""
        actions = self._console.actions
        if action_id not in {action.id for action in actions.all()}:
            return
        reason = actions.execute(action_id)
        if reason is not None:
            self._say(f"{actions.get(action_id).title.strip('…')}: {reason}.")

    def _say(self, words: str, level: Any = "info", undo: Any = None) -> None:
        self._console.messages.post(words, level, undo=undo)

    # --- several -----------------------------------------------------------------------------------------------

    @property
    def _several(self) -> list[RiskQueueEntry]:
        chosen = self.queue.table.chosen
        return [entry for entry in self._risk.list.loaded() if entry.entry_id in chosen]

    def _verb_blocker(self, verb: str) -> str | None:
        if self.queue.table.chosen and verb in FOR_SEVERAL:
            return self._console.write_blocker(Permission.APPROVE_ORDERS, irreversible=True)
        return self.case.verb_blocker(verb) or self._unseen_blocker()

    def _unseen_blocker(self) -> str | None:
        """Nothing is done about a case that nobody has seen, however quick the keys are."""
        return None if self.case.is_seen else "its case is not on screen, Enter opens it"

    def _select_blocker(self) -> str | None:
        entry, chosen = self.queue.table.at_cursor, self.queue.table.chosen
        if entry is None:
            return "put the cursor on a row first"
        if (reason := self._unseen_blocker()) is not None:
            return reason
        if entry.entry_id not in chosen:
            from models.risk.queue import BULK_MOST

            if len(chosen) >= BULK_MOST:
                return f"{BULK_MOST} are selected, more are not decided at once"
            if self._risk.pending(entry.entry_id) is not None:
                return "something of it is on its way"
        return None

    def _toggle(self) -> None:
        self.queue.table.toggle()
        self.queue.table.step(1)
        self.queue.show_foot()

    def _let_go(self) -> None:
        self.queue.table.chosen.clear()
        self.queue.table.viewport().update()
        self.queue.show_foot()

    def _decide_several(self, verb: str) -> None:
        from views.risk.triage.dialogs import BulkDialog

        self._ask(BulkDialog(verb, self._several, self._console, self._several_done, self.queue.widget.window()))

    def _several_done(self, answer: BulkAnswer) -> None:
        from models.risk.queue import BulkOutcome

        refused = [each for each in answer.results if each.outcome is BulkOutcome.REFUSED]
        self.queue.table.chosen = {each.entry_id for each in refused}
        done = counted(len(answer.results) - len(refused), "entry", "entries")
        words = f"Done for {done}."
        if refused:
            first = refused[0]
            words += f" {len(refused)} stay selected as they were: {first.order_id}: {first.words}"
        self._say(words, "warning" if refused else "info")
        self._risk.list.refresh()
        self.queue.table.setFocus()

    # --- one ---------------------------------------------------------------------------------------------------

    def do(self, verb: str) -> None:
        """Do a verb to the entry that is read; approve, reject and escalate to all that are selected."""
        if self.queue.table.chosen and verb in FOR_SEVERAL:
            self._decide_several(verb)
            return
        if verb == "send":
            self._send_note()
            return
        reason = self._verb_blocker(verb)
        entry = self.case.entry
        if reason is not None or entry is None:
            self._say(f"{verb.capitalize()}: {reason}.")
            return
        match verb:
            case "approve":
                self._approve(entry)
            case "reject":
                self._reject(entry)
            case "escalate":
                self._escalate(entry)
            case "snooze":
                self._snooze(entry)
            case "claim":
                self._toggle_claim(entry)
            case "note":
                self._armed = ""
                self.case.arm("")

    _armed = ""
    """The entry whose rejection waits for its note."""

    def _approve(self, entry: RiskQueueEntry) -> None:
        words = self.case.take_note()
        self._decided(entry, words, lambda: self._risk.approve(entry, words), "Approve")

    def _reject(self, entry: RiskQueueEntry) -> None:
        if not self.case.field.toPlainText().strip():
            self._armed = entry.entry_id
            self.case.arm(f"Say why {entry.order_id} is rejected; Ctrl+Enter rejects it, Esc does not.")
            return
        self._armed = ""
        words = self.case.take_note()
        self._decided(entry, words, lambda: self._risk.reject(entry, words), "Reject")
        self.queue.table.setFocus()

    def _send_note(self) -> None:
        """Ctrl+Enter: rejects where R asked for words, else writes a note."""
        entry = self.case.entry
        text = self.case.field.toPlainText().strip()
        if entry is None:
            return
        if not text:
            self.case.armed.say("Write something first; Esc goes back.", self.case.field)
            return
        reject, self._armed = self._armed == entry.entry_id, ""
        reason = self.case.verb_blocker("reject" if reject else "note")
        if reason is not None:
            self.case.armed.say(f"Not now: {reason}. Your words stay here.")
            return
        if reject:
            self._reject(entry)
            return
        words = self.case.take_note()
        self._start(self._write_note(entry, words), "note")
        self.queue.table.setFocus()

    async def _write_note(self, entry: RiskQueueEntry, words: str) -> None:
        try:
            outcome = await self._risk.note(entry, words)
        except OperationsError:
            self.case.give_note_back(entry.entry_id, words)
            raise
        self._say(f"Note on {entry.order_id}." if outcome.settled else f"Note on {entry.order_id} waits for the link.")

    def _escalate(self, entry: RiskQueueEntry) -> None:
        from views.risk.triage.dialogs import EscalateDialog, sentence

        typed = self.case.field.toPlainText().strip()

        async def send(to: EscalateTo, words: str) -> None:
            self.case.take_note()
            await self._submit(entry, words, lambda: self._risk.escalate(entry, to, words), "Escalation", first=True)

        words = sentence(entry, self._risk.currency)
        self._ask(EscalateDialog(words, typed, self._console, send, self.case.widget.window()))

    def _snooze(self, entry: RiskQueueEntry) -> None:
        from views.risk.triage.dialogs import SnoozeDialog, sentence

        async def send(until: datetime, words: str) -> None:
            await self._submit(entry, "", lambda: self._risk.snooze(entry, until, words), "Snooze", first=True)

        words = sentence(entry, self._risk.currency)
        now = self._console.clock.now()
        self._ask(SnoozeDialog(words, now, entry.due_at, self._console, send, self.case.widget.window()))

    def _snooze_rule_blocker(self) -> str | None:
        from views.risk.triage.snooze_rule import snooze_blocker

        return self._console.write_blocker(Permission.APPROVE_ORDERS, irreversible=True) or snooze_blocker(
            self.case.case
        )

    def _snooze_rule(self) -> None:
        from views.risk.triage.snooze_rule import SnoozeRuleDialog

        case, reason = self.case.case, self._snooze_rule_blocker()
        if case is None or reason is not None:
            self._say(f"Snooze a rule: {reason}.")
            return
        self._ask(SnoozeRuleDialog(case, self._console, self.case.widget.window()))

    def _ask(self, dialog: QDialog) -> None:
        """Open a dialog; when it is gone, the keyboard is in the rows again."""
        dialog.finished.connect(lambda *_: QTimer.singleShot(0, self, self.queue.table.setFocus))
        dialog.open()

    def _toggle_claim(self, entry: RiskQueueEntry) -> None:
        me = self._console.session.me
        mine = me is not None and entry.assigned_to == me.user_id
        doing = self._risk.release if mine else self._risk.take_over if entry.assigned_to else self._risk.claim
        self._start(self._claim(entry, doing), "claim")

    async def _claim(self, entry: RiskQueueEntry, doing: Callable[[RiskQueueEntry], Awaitable[Outcome]]) -> None:
        try:
            outcome = await doing(entry)
        except InConflict:
            self._say(f"Somebody else decided {entry.order_id} first: Enter compares.", "warning")
            return
        key = outcome.mutation.key
        words = outcome.mutation.title if outcome.settled else f"{outcome.mutation.title}: waits for the link"
        self._say(words, undo=lambda: self.take_back(key))

    def _decided(self, entry: RiskQueueEntry, words: str, doing: Deciding, noun: str) -> None:
        self._start(self._submit(entry, words, doing, noun), noun)

    async def _submit(
        self,
        entry: RiskQueueEntry,
        words: str,
        doing: Deciding,
        noun: str,
        *,
        first: bool = False,
    ) -> None:
        """Keep a decision for the seconds of its undo, and go on to the next row. With ``first`` raises what it met."""
        at = self.queue.table.at_cursor
        stands = at is not None and at.entry_id == entry.entry_id
        try:
            outcome = await doing()
        except OperationsError as error:
            if words:
                self.case.give_note_back(entry.entry_id, words)
            if first:
                raise
            self._say(f"{noun} of {entry.order_id}: {error}", "error")
            return
        key = outcome.mutation.key
        moved = self.queue.table.step_to_open() if stands else False
        after = self.queue.table.at_cursor
        on = f" The cursor moved to {after.order_id}." if moved and after is not None else ""
        self._say(f"{outcome.mutation.title}.{on}", undo=lambda: self.take_back(key))

    # --- what waits for a choice ---------------------------------------------------------------------------------

    def _settle(self, entry: RiskQueueEntry) -> None:
        """*Compare* or *Retry*, whichever the row offers."""
        pending = self._risk.pending(entry.entry_id)
        if pending is None:
            return
        if pending.state is State.CONFLICT:
            from views.risk.triage.dialogs import EntryConflict

            dialog = EntryConflict(self._console, pending, self.queue.widget.window())
            dialog.finished.connect(lambda *_: self._settled(entry.entry_id))
            dialog.open()
        else:
            self._start(self._retry(entry), "send again")

    async def _retry(self, entry: RiskQueueEntry) -> None:
        try:
            await self._risk.retry(entry.entry_id)
        except InConflict:
            self._say(f"Somebody else changed {entry.order_id} meanwhile: Enter compares.", "warning")
            return
        except OperationsError as error:
            # Refused once more: it was told, and the row is as it was before.
            self._say(f"{entry.order_id}: {error}", "error")
        self._settled(entry.entry_id)

    def _settled(self, _entry_id: str) -> None:
        self._risk.list.refresh()
        self.queue.table.setFocus()

    # --- taking back, taking next --------------------------------------------------------------------------------

    def take_back(self, key: str | None = None) -> None:
        """Take back the last decision, or one of them."""
        self._start(self._take_back(key), "take back")

    async def _take_back(self, key: str | None) -> None:
        words = await self._risk.take_back(key)
        self._console.messages.taken_back.emit()
        self._say(f"Taken back: {words}.")

    def _take_blocker(self) -> str | None:
        return self._console.write_blocker(Permission.APPROVE_ORDERS, irreversible=True)

    def _start_take_next(self) -> None:
        self._start(self._take_next(), "take the next entry")

    async def _take_next(self) -> None:
        entry = await self._risk.take_next()
        if entry is None:
            self._say("Nothing is left that nobody holds.")
            return
        self._risk.list.put(entry)
        self._say(f"{entry.order_id} is yours.")
        self.queue.table.renew()
        self.cursor.read(entry.entry_id)

    def _to_filter(self) -> None:
        self.queue.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.queue.field.selectAll()

    # --- how -----------------------------------------------------------------------------------------------------

    def _start(self, work: Awaitable[Any], name: str) -> None:
        self._console.tasks.start(report_errors(self._console, work), name=name)
