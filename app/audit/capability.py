"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability
from models.core.topics import Topic


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"audit_log": "Audit log"},
        verbs={"audit.log.exported": "exported", "audit.key.rotated": "sealed by a new key from here on"},
    )


CAPABILITY = Capability(
    name="audit",
    also=dict.fromkeys(Topic, frozenset({Topic.AUDIT})),  # whatever changes is written there
    audit=_audit,
)
