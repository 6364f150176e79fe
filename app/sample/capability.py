"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"sample_shop": "Sample shop"},
        verbs={"sample.shop.created": "opened"},
    )


CAPABILITY = Capability(name="sample", audit=_audit)
