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
    from app.analytics.changes import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "dashboard": "Dashboard",
            "event_batch": "Events",
            "event_radius": "Blast radius of",
            "event_day": "Events of",
            "event_mode": "Mode of",
            "event_quarantine": "Held events",
            "event_schema": "Event",
            "violation": "Violation",
        },
        verbs={
            "analytics.dashboard.viewed": "looked at",
            "analytics.events.dropped": "dropped, their time is over",
            "analytics.events.ingested": "came in",
            "analytics.mode.changed": "changed",
            "analytics.quarantine.discarded": "given up",
            "analytics.quarantine.expired": "deleted, their time is over",
            "analytics.quarantine.replayed": "replayed",
            "analytics.radius.asked": "asked for",
            "analytics.radius.done": "done",
            "analytics.schema.changed": "draft changed",
            "analytics.schema.deprecated": "deprecated",
            "analytics.schema.discarded": "draft discarded",
            "analytics.schema.drafted": "drafted",
            "analytics.schema.enforced": "enforced",
            "analytics.schema.published": "published, observed",
            "analytics.schema.retired": "retired",
            "analytics.values.forgotten": "values taken out, their time is over",
            "analytics.violation.changed": "changed",
        },
    )


CAPABILITY = Capability(
    name="analytics",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="analytics.violations",
            permission=Permission.VIEW_SCHEMA,
            one="violation is open",
            more="violations are open",
            topics=frozenset({Topic.EVENTS}),
        ),
    ),
    audit=_audit,
)
