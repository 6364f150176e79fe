"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"privacy_keys": "Keys of personal data"},
        verbs={
            "privacy.keys.copied": "copied",
            "privacy.keys.rotated": "wrapped by the new key",
        },
    )


CAPABILITY = Capability(name="privacy", audit=_audit)
