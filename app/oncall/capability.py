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
    from app.oncall.domain import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "calendar_feed": "On-call calendar",
            "escalation_policy": "Escalation policy",
            "page": "Page",
            "person_zone": "Time zone of",
            "schedule": "On-call schedule",
            "swap_request": "Swap request in",
        },
        verbs={
            "oncall.feed.created": "made",
            "oncall.feed.revoked": "ended",
            "oncall.override.added": "given an override",
            "oncall.override.cancelled": "without an override again",
            "oncall.page.acknowledged": "acknowledged",
            "oncall.page.called": "sent to whoever is next",
            "oncall.page.reopened": "opened again, nobody has ended it",
            "oncall.page.resolved": "over",
            "oncall.page.started": "begun",
            "oncall.page.tested": "sent to test it",
            "oncall.policy.changed": "changed",
            "oncall.policy.created": "added",
            "oncall.schedule.changed": "changed",
            "oncall.schedule.created": "added",
            "oncall.schedule.revised": "revised",
            "oncall.swap.requested": "made",
            "oncall.swap.declined": "declined",
            "oncall.swap.lapsed": "lapsed, nobody took it in time",
            "oncall.swap.taken": "taken",
            "oncall.swap.withdrawn": "withdrawn",
            "oncall.zone.set": "set",
        },
        quoted=frozenset({"calendar_feed", "escalation_policy", "page", "schedule", "swap_request"}),
    )


CAPABILITY = Capability(
    name="oncall",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="oncall.waiting",
            permission=Permission.VIEW_INCIDENTS,
            one="page or swap waits for you",
            more="pages and swaps wait for you",
            topics=frozenset({Topic.ONCALL, Topic.PAGES}),
        ),
    ),
    audit=_audit,
)
