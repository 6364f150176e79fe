"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "event_batch": "Events",
            "event_mode": "Mode of",
            "event_schema": "Event",
        },
        verbs={
            "analytics.events.ingested": "came in",
            "analytics.mode.changed": "changed",
            "analytics.schema.changed": "draft changed",
            "analytics.schema.deprecated": "deprecated",
            "analytics.schema.discarded": "draft discarded",
            "analytics.schema.drafted": "drafted",
            "analytics.schema.enforced": "enforced",
            "analytics.schema.published": "published, observed",
            "analytics.schema.retired": "retired",
        },
    )


CAPABILITY = Capability(name="analytics", audit=_audit)
