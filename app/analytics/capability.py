"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


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
            "analytics.violation.changed": "changed",
        },
    )


CAPABILITY = Capability(name="analytics", audit=_audit)
