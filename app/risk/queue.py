"""The risk queue of one console: what it reads, and what an operator does about entries, as mutations.

Verdicts and escalations reach a shop, a bank or a colleague: they are kept back for the eight seconds of their undo and
sent then. Claims, snoozes and notes go at once and are taken back by their opposite.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome, Refused
from app.core.outbox import State
from app.core.signals import Signal
from app.dashboard import Dashboard
from app.risk.cases import CaseCache
from app.risk.filters import QueueFilter, SavedFilters
from app.risk.notes import NoteDrafts
from app.risk.pages import QueueList
from models.core.money import decimals
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.outbox import PendingMutation
    from app.core.query import Query
    from models.core.paging import Page
    from models.risk.case import RiskCase
    from models.risk.queue import BulkAnswer, BulkDecision, DecideEntry, EscalateTo, QueueCounts, RiskQueueEntry

BASE = "/api/risk/queue"
VIEW, DECIDE = Permission.VIEW_RISK_QUEUE, Permission.APPROVE_ORDERS
TOPICS = frozenset({Topic.RISK_QUEUE})
UNDO_SECONDS = 8.0
UNDO_MOST = 200
RESOURCE = "risk_entry:"

APPROVE, REJECT, ESCALATE = "risk.approve", "risk.reject", "risk.escalate"
CLAIM, RELEASE, TAKE_OVER, SNOOZE, NOTE, REOPEN, TAKE = (
    "risk.claim",
    "risk.release",
    "risk.take_over",
    "risk.snooze",
    "risk.note",
    "risk.reopen",
    "risk.take",
)
BULK = "risk.bulk"
VERDICTS = frozenset({APPROVE, REJECT, ESCALATE})
ON_ITS_WAY = {
    APPROVE: "Approve is on its way",
    REJECT: "Reject is on its way",
    ESCALATE: "Escalation is on its way",
    CLAIM: "Claim is on its way",
    RELEASE: "Release is on its way",
    TAKE_OVER: "Taking over is on its way",
    SNOOZE: "Snooze is on its way",
    NOTE: "Note is on its way",
    REOPEN: "Undo is on its way",
}


@dataclass(frozen=True, slots=True)
class UndoEntry:
    """Something the operator did in this session that Z takes back."""

    key: str
    entry_id: str
    title: str
    kind: str
    request: MutationRequest | None = None
    """What takes it back once it is done; ``None`` before that, and for what cannot be."""


class Risk:
    """What is read and done in the queue. Raises nothing by itself; what it starts is told through signals."""

    entry_changed = Signal(object)
    """Carries a RiskQueueEntry as the server has it now."""
    rows_changed = Signal()
    """What is on its way is another."""
    returned = Signal(str)
    """Carries the id of an entry whose decision was taken back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.mutations = engine.mutations
        self.list = QueueList(
            self._ask_page, engine.tasks, engine.clock.now, self._me, on_page=self._keep_page, recall=self._recall_page
        )
        self.list.pinned = lambda entry_id: bool(self.mutations.of(RESOURCE + entry_id))
        self.cases = CaseCache(self.case, engine.tasks, on_case=self._keep_case, recall=self._recall_case)
        self.filters = SavedFilters(engine.profile)
        self.notes = NoteDrafts(engine.profile)
        self._undo_entries: list[UndoEntry] = []
        self._user: str | None = None
        self._asked_currency = False
        self._versions: dict[str, int] = {}
        """Of entries as my own changes left them: a quick second one builds upon that, whatever its row still says."""
        self.mutations.settled.connect(self._settled)
        self.mutations.changed.connect(self.rows_changed.emit)
        engine.session.changed.connect(self._session_changed)

    # --- reading -----------------------------------------------------------------------------------------------

    def counts(self) -> Query[QueueCounts]:
        """How many entries each tab has; asked for while somebody may see the queue."""
        from app.risk import requests
        from models.risk.queue import QueueCounts

        return self._engine.record("risk_counts", TOPICS, requests.queue_counts, keep=lambda: QueueCounts)

    def know_currency(self) -> None:
        """Ask once for the figures: they say what currency reports are in, and only the queue may be on screen."""
        if not self.currency and not self._asked_currency:
            self._asked_currency = True
            asked = self._engine.of(Dashboard).query().refresh()
            self._engine.tasks.start(asked, name="currency of reports")

    @property
    def currency(self) -> str:
        """The currency of reports; empty while it is not known."""
        return self._engine.of(Dashboard).currency

    async def _ask_page(self, chosen: QueueFilter, cursor: str | None, limit: int) -> Page[RiskQueueEntry]:
        from app.risk import requests

        units = 10 ** decimals(self.currency) if self.currency else 100
        query = chosen.query(minor_units=units) | {"limit": str(limit), "cursor": cursor}
        return await requests.queue_page(self._engine.client, query)

    async def case(self, entry_id: str) -> RiskCase:
        """One case, asked for now. Raises OperationsError."""
        from app.risk import requests

        return await requests.case(self._engine.client, entry_id)

    # What is typed into a filter may be a customer's: neither it nor what it finds is kept.

    def _keep_page(self, chosen: QueueFilter, page: Page[RiskQueueEntry]) -> None:
        if not chosen.typed:
            self._engine.kept.put(_page_key(chosen), _page_type, self._engine.sample(page, page.as_of))

    async def _recall_page(self, chosen: QueueFilter) -> Page[RiskQueueEntry] | None:
        sample = None if chosen.typed else await self._engine.kept.get(_page_key(chosen), _page_type)
        return None if sample is None else sample.value

    def _keep_case(self, case: RiskCase, shown: bool) -> None:
        key = f"risk_case:{case.entry.entry_id}"
        self._engine.kept.put(key, _case_type, self._engine.sample(case, case.as_of), shown=shown)

    async def _recall_case(self, entry_id: str) -> RiskCase | None:
        sample = await self._engine.kept.get(f"risk_case:{entry_id}", _case_type)
        return None if sample is None else sample.value

    def _me(self) -> str | None:
        return self._engine.session.me.user_id if self._engine.session.me is not None else None

    def _session_changed(self) -> None:
        user = self._me()
        if user is not None and user != self._user:
            if self._user is not None:
                self.cases.clear()
                self._undo_entries.clear()
            self._user = user

    # --- what is on its way ------------------------------------------------------------------------------------

    def pending(self, entry_id: str) -> PendingMutation | None:
        """The newest thing that the server has not settled about an entry; what waits for the operator comes first."""
        found = self.mutations.of(RESOURCE + entry_id)
        parked = [mutation for mutation in found if mutation.state is not State.WAITING]
        return parked[0] if parked else found[-1] if found else None

    def decided(self, entry_id: str) -> bool:
        """Whether a verdict of mine is on its way."""
        return any(i.kind in VERDICTS and i.state is State.WAITING for i in self.mutations.of(RESOURCE + entry_id))

    # --- doing -------------------------------------------------------------------------------------------------

    async def approve(self, entry: RiskQueueEntry, notes: str = "") -> Outcome:
        """Release the order, after the seconds in which it can be taken back. Raises OperationsError."""
        from models.risk.queue import DecideEntry, EntryStatus, EntryVerdict

        body = DecideEntry(status=EntryStatus.REVIEWED, verdict=EntryVerdict.APPROVED, notes=notes)
        return await self._decide(APPROVE, f"Approved {entry.order_id}", entry, body)

    async def reject(self, entry: RiskQueueEntry, notes: str) -> Outcome:
        """Refund or cancel the order, after the seconds in which it can be taken back. Raises OperationsError."""
        from models.risk.queue import DecideEntry, EntryStatus, EntryVerdict

        body = DecideEntry(status=EntryStatus.REVIEWED, verdict=EntryVerdict.REJECTED, notes=notes)
        return await self._decide(REJECT, f"Rejected {entry.order_id}", entry, body)

    async def escalate(self, entry: RiskQueueEntry, to: EscalateTo, notes: str) -> Outcome:
        """Hand an entry to finance or support, after the same seconds. Raises OperationsError."""
        from models.risk.queue import DecideEntry, EntryStatus

        body = DecideEntry(status=EntryStatus.ESCALATED, escalate_to=to, notes=notes)
        return await self._decide(ESCALATE, f"Escalated {entry.order_id} to {to}", entry, body)

    async def _decide(self, kind: str, title: str, entry: RiskQueueEntry, body: DecideEntry) -> Outcome:
        return await self._do(kind, title, entry, "decision", body)

    async def claim(self, entry: RiskQueueEntry) -> Outcome:
        """Take an entry. Raises OperationsError."""
        return await self._do(CLAIM, f"Claimed {entry.order_id}", entry, "claim", None)

    async def release(self, entry: RiskQueueEntry) -> Outcome:
        """Give an entry back. Raises OperationsError."""
        return await self._do(RELEASE, f"Released {entry.order_id}", entry, "release", None)

    async def take_over(self, entry: RiskQueueEntry) -> Outcome:
        """Take an entry that somebody else holds. Raises OperationsError."""
        from models.risk.queue import ReassignEntry

        title = f"Took {entry.order_id} over from {entry.assigned_to_name or entry.assigned_to}"
        return await self._do(TAKE_OVER, title, entry, "reassign", ReassignEntry(user_id=self._me()))

    async def snooze(self, entry: RiskQueueEntry, until: datetime, notes: str) -> Outcome:
        """Put an entry aside until an instant. Raises OperationsError."""
        from models.risk.queue import SnoozeEntry

        words = f"Snoozed {entry.order_id} until {until.astimezone(UTC):%d %b %H:%M} UTC"
        return await self._do(SNOOZE, words, entry, "snooze", SnoozeEntry(until=until, notes=notes))

    async def note(self, entry: RiskQueueEntry, text: str) -> Outcome:
        """Write a note. Raises OperationsError."""
        from models.risk.queue import AddNote

        title = f"Note on {entry.order_id}"
        request = MutationRequest(NOTE, title, "POST", f"{BASE}/{entry.entry_id}/notes", AddNote(text=text))
        return await self.mutations.submit(replace(request, resource=RESOURCE + entry.entry_id))

    async def _do(self, kind: str, title: str, entry: RiskQueueEntry, verb: str, body: Any) -> Outcome:
        path = f"{BASE}/{entry.entry_id}"
        outcome = await self.mutations.submit(
            MutationRequest(
                kind,
                title,
                "POST",
                f"{path}/{verb}",
                body,
                version=max(entry.version, self._versions.get(entry.entry_id, 0)),
                resource=RESOURCE + entry.entry_id,
                record=path,
                base=entry,
            )
        )
        if not outcome.settled:
            self._add_undo_entry(UndoEntry(outcome.mutation.key, entry.entry_id, title, kind))
        return outcome

    async def take_next(self) -> RiskQueueEntry | None:
        """The most urgent entry nobody has, now mine; ``None`` when nothing is left. Raises OperationsError."""
        from models.risk.queue import RiskQueueEntry

        mine = (i.resource for i in self.mutations.pending if i.resource.startswith(RESOURCE))
        besides = "&".join(f"besides={resource.removeprefix(RESOURCE)}" for resource in dict.fromkeys(mine))
        path = f"{BASE}/take-next" + (f"?{besides}" if besides else "")
        outcome = await self.mutations.submit(MutationRequest(TAKE, "Took the next entry", "POST", path))
        if not outcome.answer:
            return None
        entry = RiskQueueEntry.model_validate(outcome.answer)
        self._versions[entry.entry_id] = entry.version  # what is decided next builds upon it: no conflict with oneself
        return entry

    async def bulk_preview(self, entries: Iterable[RiskQueueEntry], decision: DecideEntry) -> BulkAnswer:
        """What a decision would do to each entry. Raises OperationsError."""
        from app.risk import requests

        return await requests.bulk_preview(self._engine.client, _bulk(entries, decision))

    async def bulk(self, entries: Iterable[RiskQueueEntry], decision: DecideEntry, words: str) -> BulkAnswer:
        """Decide each entry on its own, at once: it was asked for and previewed. Raises OperationsError."""
        from models.risk.queue import BulkAnswer

        outcome = await self.mutations.submit(
            MutationRequest(BULK, words, "POST", f"{BASE}/bulk", _bulk(entries, decision))
        )
        return BulkAnswer.model_validate(outcome.answer)

    async def retry(self, entry_id: str) -> None:
        """Send again what the server refused or did not answer. Raises OperationsError."""
        mutation = self.pending(entry_id)
        if mutation is not None:
            await self.mutations.again(mutation.key)

    async def drop(self, entry_id: str) -> None:
        """Give up what was refused. Raises OperationsError."""
        mutation = self.pending(entry_id)
        if mutation is not None:
            await self.mutations.forget(mutation.key)

    # --- taking back -------------------------------------------------------------------------------------------

    async def take_back(self, key: str | None = None) -> str:
        """Take back the last decision, or one of them; answers what was taken back. Raises OperationsError."""
        if key is None and (sent := self._being_sent()) is not None:
            raise Refused(f"“{sent.title}” is being sent; a moment, then it can be taken back.")
        undo_entry = next((d for d in reversed(self._undo_entries) if key in {None, d.key}), None)
        if undo_entry is None:
            raise Refused("There is nothing left to take back.")
        waiting = next((i for i in self.mutations.of(RESOURCE + undo_entry.entry_id) if i.key == undo_entry.key), None)
        if waiting is not None:
            await self.mutations.cancel(
                undo_entry.key
            )  # kept back, waiting for the link, or in conflict: it was never done
        elif undo_entry.request is None:
            self._forget_undo_entry(undo_entry.key)
            raise Refused(f"“{undo_entry.title}” cannot be taken back.")
        else:
            known = max(undo_entry.request.version or 0, self._versions.get(undo_entry.entry_id, 0))
            outcome = await self.mutations.submit(replace(undo_entry.request, version=known))
            self._forget_undo_entry(outcome.mutation.key)  # the next Z goes further back, it does not do this again
            await self.mutations.note_undone(undo_entry.key)
        self._forget_undo_entry(undo_entry.key)
        self.returned.emit(undo_entry.entry_id)
        return undo_entry.title

    def _being_sent(self) -> PendingMutation | None:
        """What goes at once and has not been answered: Z means this, not what was done before it."""
        known = {undo_entry.key for undo_entry in self._undo_entries}
        at_once = (i for i in self.mutations.pending if i.kind in _OPPOSITE and i.key not in known)
        return next((mutation for mutation in at_once if mutation.state is State.WAITING), None)

    def _add_undo_entry(self, undo_entry: UndoEntry) -> None:
        self._forget_undo_entry(undo_entry.key)
        self._undo_entries.append(undo_entry)
        del self._undo_entries[:-UNDO_MOST]

    def _forget_undo_entry(self, key: str) -> None:
        self._undo_entries = [undo_entry for undo_entry in self._undo_entries if undo_entry.key != key]

    def _settled(self, mutation: PendingMutation, answer: dict[str, Any]) -> None:
        if not mutation.resource.startswith(RESOURCE):
            return
        spec = self.mutations.spec(mutation.kind)
        request = spec.undo(mutation, answer) if spec is not None and spec.undo is not None else None
        undo_entry = UndoEntry(
            mutation.key, mutation.resource.removeprefix(RESOURCE), mutation.title, mutation.kind, request
        )
        if any(known.key == mutation.key for known in self._undo_entries):
            self._undo_entries = [undo_entry if known.key == mutation.key else known for known in self._undo_entries]
        elif request is not None and mutation.kind != REOPEN:
            self._add_undo_entry(undo_entry)
        self._renew_entry(answer)

    def _renew_entry(self, answer: dict[str, Any]) -> None:
        from pydantic import ValidationError

        from models.risk.queue import RiskQueueEntry

        try:
            entry = RiskQueueEntry.model_validate(answer)
        except ValidationError:
            return  # a note, or another release: the list hears of it when it asks again
        self._versions[entry.entry_id] = entry.version
        self.cases.note_entry(entry)
        self.list.put(entry)
        self.entry_changed.emit(entry)


def _page_key(chosen: QueueFilter) -> str:
    return f"risk_queue:{chosen.tab}:{chosen.sort}:{'desc' if chosen.descending else 'asc'}"


def _page_type() -> type[Page[RiskQueueEntry]]:
    from models.core.paging import Page
    from models.risk.queue import RiskQueueEntry

    return Page[RiskQueueEntry]


def _case_type() -> type[RiskCase]:
    from models.risk.case import RiskCase

    return RiskCase


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return (
        *(
            MutationSpec(name, TOPICS, delay=UNDO_SECONDS, in_place=True, within="entry", undo=_reopen)
            for name in VERDICTS
        ),
        MutationSpec(SNOOZE, TOPICS, delay=UNDO_SECONDS, in_place=True, within="entry"),
        *(
            MutationSpec(name, TOPICS, in_place=True, within="entry", undo=_OPPOSITE.get(name))
            for name in (CLAIM, RELEASE, TAKE_OVER, NOTE, REOPEN)
        ),
        *(MutationSpec(name, TOPICS, irreversible=True, in_place=True) for name in (TAKE, BULK)),
    )


def _bulk(entries: Iterable[RiskQueueEntry], decision: DecideEntry) -> BulkDecision:
    from models.risk.queue import BulkDecision, BulkEntry

    listed = tuple(BulkEntry(entry_id=entry.entry_id, version=entry.version) for entry in entries)
    return BulkDecision(decision=decision, entries=listed)


def _opposite(kind: str, title: str, verb: str) -> Any:
    def undo(mutation: PendingMutation, answer: dict[str, Any]) -> MutationRequest | None:
        if "entryId" not in answer:
            return None
        path = f"{BASE}/{answer['entryId']}"
        return MutationRequest(
            kind,
            title.format(answer["orderId"]),
            "POST",
            f"{path}/{verb}",
            version=answer["version"],
            resource=mutation.resource,
            record=path,
        )

    return undo


def _give_back(mutation: PendingMutation, answer: dict[str, Any]) -> MutationRequest | None:
    """To whoever had it before."""
    import json

    from models.risk.queue import ReassignEntry

    before = json.loads(mutation.base or "{}").get("assignedTo")
    request = _opposite(TAKE_OVER, "Gave {} back", "reassign")(mutation, answer)
    return None if request is None else replace(request, body=ReassignEntry(user_id=before))


_reopen = _opposite(REOPEN, "Reopened {}", "reopen")
_OPPOSITE = {
    CLAIM: _opposite(RELEASE, "Released {}", "release"),
    RELEASE: _opposite(CLAIM, "Claimed {}", "claim"),
    TAKE_OVER: _give_back,
}
