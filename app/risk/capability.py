"""What this capability is in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.audit_words import AuditWords
from app.core.capability import BadgeSpec, Capability, Engine
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.mutation_types import MutationSpec


def _mutations(_engine: Engine) -> Sequence[MutationSpec]:
    from app.risk import queue, rules

    return *queue.specs(), *rules.specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "risk_backtest": "Backtest of",
            "risk_breaker": "Breaker of",
            "risk_decision": "Decision on",
            "risk_entry": "Queue entry",
            "risk_list": "List",
            "risk_list_entry": "Entry of the list",
            "risk_policy": "Risk policy",
            "risk_report": "Risk report of",
            "risk_rule_set": "Rules",
            "risk_snooze": "Snooze of",
        },
        verbs={
            "risk.backtest.asked": "begun",
            "risk.backtest.cancelled": "cancelled",
            "risk.breaker.opened": "opened, the rule is past its cap",
            "risk.breaker.reset": "reset",
            "risk.decision.made": "made",
            "risk.entry.claimed": "claimed",
            "risk.entry.decided": "decided",
            "risk.entry.escalated": "escalated",
            "risk.entry.noted": "has a new note",
            "risk.entry.opened": "put in the queue",
            "risk.entry.overruled": "decided against the first verdict",
            "risk.entry.proposed": "decided by the first of two",
            "risk.entry.reassigned": "given to somebody else",
            "risk.entry.released": "released",
            "risk.entry.reopened": "opened again",
            "risk.entry.snoozed": "snoozed",
            "risk.entry.woken": "back from its snooze",
            "risk.escalation.untold": "could not be passed on",
            "risk.intent.done": "done by the shop",
            "risk.intent.failed": "not done by the shop",
            "risk.intent.retried": "sent to the shop again",
            "risk.list.created": "created",
            "risk.list.deleted": "deleted",
            "risk.list_entry.added": "added",
            "risk.list_entry.removed": "removed",
            "risk.policy.changed": "changed",
            "risk.report.generated": "made",
            "risk.rule_set.changed": "changed",
            "risk.rule_set.created": "created",
            "risk.rule_set.discarded": "discarded",
            "risk.rule_set.published": "published",
            "risk.rule_set.retired": "retired",
            "risk.rule_set.shadow_begun": "put beside live traffic",
            "risk.rule_set.shadow_ended": "no longer beside live traffic",
            "risk.snooze.created": "begun",
            "risk.snooze.ended": "ended",
        },
        quoted=frozenset({"risk_list", "risk_list_entry"}),
    )


CAPABILITY = Capability(
    name="risk",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="risk.queue",
            permission=Permission.VIEW_RISK_QUEUE,
            one="entry waits to be decided",
            more="entries wait to be decided",
            topics=frozenset({Topic.RISK_QUEUE}),
        ),
    ),
    audit=_audit,
)
