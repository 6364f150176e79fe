"""What rows and cases of the risk queue say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale

from app.core.outbox import State
from app.risk.queue import ON_ITS_WAY
from models.core.formatting import grouped, money
from models.core.wording import initials

if TYPE_CHECKING:
    from app.core.outbox import PendingMutation
    from app.risk.wording import Words
    from models.risk.case import LinkedOrder, RiskCase
    from models.risk.queue import RiskQueueEntry

HIGH = 80
"""A score from here up is drawn strong; the tick on its bar stands here."""
NEAR = timedelta(minutes=30)
"""Less time left than this is near the limit."""

_VERDICTS = {"approved": "approved", "rejected": "rejected"}


@dataclass(frozen=True, slots=True)
class StateLabel:
    """The state column of a row: words, how they are drawn, and a link behind them."""

    words: str
    link: str = ""
    strong: bool = False
    mark: str = ""
    """``sent``, ``conflict`` or ``failed``."""


def state_of(
    entry: RiskQueueEntry, pending: PendingMutation | None, me: str | None, now: datetime, *, linked: bool
) -> StateLabel:
    """What a row says at its end. ``linked``: the server can be heard."""
    if pending is not None:
        match pending.state:
            case State.CONFLICT:
                return StateLabel(conflict_words(pending), "Compare", strong=True, mark="conflict")
            case State.WAITING:
                words = ON_ITS_WAY.get(pending.kind, "On its way")
                words = words if linked else words.replace("is on its way", "waits")
                return StateLabel(words, strong=True, mark="sent")
            case State.HELD:
                return StateLabel("Waits for your code.", "Retry", strong=True, mark="failed")
            case State.UNREADABLE:
                return StateLabel("Cannot be read: see My actions.", strong=True, mark="failed")
            case _:
                return StateLabel("Not saved.", "Retry", strong=True, mark="failed")
    if entry.status == "reviewed":
        return StateLabel(f"{str(entry.verdict).capitalize()} by {short_name(entry.decided_by_name)}")
    if entry.snoozed_until is not None and entry.snoozed_until > now:
        return StateLabel(f"Snoozed to {moment(entry.snoozed_until, now)}", mark="quiet")
    if entry.proposal is not None:
        return StateLabel(f"{short_name(entry.proposal.by_name)} {entry.proposal.verdict}, 1 of 2")
    if entry.status == "escalated":
        return StateLabel(f"Escalated to {entry.escalated_to}")
    if entry.assigned_to is not None and entry.assigned_to == me and entry.assigned_at is not None:
        return StateLabel(f"Claimed {moment(entry.assigned_at, now, seconds=True)}")
    return StateLabel("")


def conflict_words(mutation: PendingMutation) -> str:
    """Who decided first, and what."""
    try:
        theirs: dict[str, Any] = json.loads(mutation.theirs or "{}")
    except ValueError:
        theirs = {}
    by = short_name(theirs.get("decidedByName"))
    if theirs.get("verdict"):
        return f"{by} {theirs['verdict']}."
    if theirs.get("proposal"):
        first = theirs["proposal"]
        return f"{short_name(first.get('byName'))} {first.get('verdict')} first."
    if theirs.get("status") == "escalated":
        return f"{by} escalated."
    if theirs.get("assignedToName"):
        return f"{short_name(theirs['assignedToName'])} has it."
    return "Changed meanwhile."


def short_name(name: str | None) -> str:
    """Initials; ``–`` for nobody."""
    return initials(name) if name else "–"


def who(entry: RiskQueueEntry, me: str | None) -> str:
    """Who has it."""
    if entry.assigned_to is None:
        return ""
    return "you" if entry.assigned_to == me else short_name(entry.assigned_to_name or entry.assigned_to)


def amount(entry: RiskQueueEntry | LinkedOrder, reporting: str) -> str:
    """In the reporting currency, or in its own with its code where there is no rate."""
    if entry.reporting_minor is not None and reporting:
        return money(entry.reporting_minor, reporting)
    own = money(entry.amount, entry.currency)
    return own if entry.currency == reporting else f"{own} {entry.currency}"


def hours(span: timedelta) -> str:
    """``23:46``, ``−0:12``: hours and minutes."""
    minutes = abs(int(span.total_seconds())) // 60
    return f"{'−' if span < timedelta(0) and minutes else ''}{minutes // 60}:{minutes % 60:02d}"


OVERDUE_NOW = "overdue now"


def time_left(span: timedelta) -> str:
    """``23:46``, ``−0:12``; in the first minute after the end ``overdue now``."""
    return OVERDUE_NOW if timedelta(minutes=-1) < span < timedelta(0) else hours(span)


def moment(at: datetime, now: datetime, *, seconds: bool = False) -> str:
    """``14:01`` of today, ``25 Nov 13:18`` of another day, UTC."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    clock = f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    return clock if at.date() == now.date() else f"{at.day} {at:%b} {clock}"


def chip(rule_id: str) -> str:
    """A rule as it is called in a row."""
    return rule_id.replace("-", " ")


@lru_cache(maxsize=512)
def country(code: str) -> str:
    """A country's name; what is no code stays as it is."""
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        return code
    found = QLocale.codeToTerritory(code.upper())
    return code if found == QLocale.Country.AnyTerritory else QLocale.territoryToString(found)


def rich(words: Words) -> str:
    """Sentences with their numbers strong."""
    return "".join(f"<b>{escape(run.text)}</b>" if run.strong else escape(run.text) for run in words)


def advice(action: str) -> str:
    """What the rules recommend, in the words of the verdict."""
    return {"block": "Rules suggest: reject", "review": "Rules suggest: look at it"}.get(
        action, "Rules suggest: approve"
    )


def shared(link: LinkedOrder) -> str:
    """What a linked order has in common with this one."""
    return ", ".join("network" if each == "ip" else each for each in link.shared)


def linked_state(link: LinkedOrder) -> str:
    """What became of a linked order."""
    by = f" by {short_name(link.decided_by_name)}" if link.decided_by_name else ""
    if link.verdict is not None:
        return f"{link.verdict}{by}"
    if link.status is not None:
        return str(link.status)
    return {"approve": "passed", "flag": "flagged", None: "not checked"}.get(link.action, str(link.action))


def linked_sum(case: RiskCase, reporting: str) -> str:
    """How many there are and what they are worth together."""
    if not case.linked:
        return ""
    many = f"{len(case.linked)}{'+' if case.linked_more else ''} more"
    amounts = [each.reporting_minor for each in case.linked]
    if not reporting or None in amounts:
        return many
    return f"{many}, {money(sum(a for a in amounts if a is not None), reporting)} {reporting}"


def counted(count: int) -> str:
    """A count as tabs show it."""
    return grouped(count)
