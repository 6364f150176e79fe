"""What happened to an entry of the queue, in sentences: *You claimed it*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.audit_words import actor_name

if TYPE_CHECKING:
    from models.risk.case import CaseEvent

SENTENCES = {
    "risk.entry.claimed": "{who} claimed it",
    "risk.entry.decided": "{who} decided it",
    "risk.entry.escalated": "{who} escalated it",
    "risk.entry.noted": "{who} wrote a note",
    "risk.entry.opened": "It was put in the queue",
    "risk.entry.overruled": "{who} overruled the first verdict",
    "risk.entry.proposed": "{who} decided first; it needs a second person",
    "risk.entry.reassigned": "{who} gave it to somebody else",
    "risk.entry.released": "{who} released it",
    "risk.entry.reopened": "{who} opened it again",
    "risk.entry.snoozed": "{who} snoozed it",
    "risk.entry.woken": "It is back from its snooze",
    "risk.escalation.untold": "The escalation could not be delivered",
    "risk.intent.done": "The shop has done what was decided",
    "risk.intent.failed": "The shop has not done what was decided",
    "risk.intent.retried": "{who} sent it to the shop again",
}


def history_line(event: CaseEvent, me: str | None) -> str:
    """What somebody did, or what happened by itself; ``me`` is the id of the signed-in."""
    who = "You" if event.by == me else actor_name(event.by, event.by_name)
    known = SENTENCES.get(event.what)
    return known.format(who=who) if known else f"{who}: {event.what.rpartition('.')[2].replace('_', ' ')}"
