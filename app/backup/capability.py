"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"backup": "Backup"},
        verbs={
            "operations.backup.failed": "failed",
            "operations.backup.made": "made",
            "operations.backup.not_tested": "not restored for a test",
            "operations.backup.restore_test_failed": "could not be restored for a test",
            "operations.backup.restore_tested": "restored for a test",
        },
    )


CAPABILITY = Capability(name="backup", audit=_audit)
