"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"approval": "Request"},
        verbs={
            "approvals.agreed": "agreed to, waits for one more",
            "approvals.approved": "approved",
            "approvals.asked": "asked for",
            "approvals.denied": "denied",
            "approvals.expired": "expired",
            "approvals.pending": "still waits",
            "approvals.withdrawn": "withdrawn",
        },
        verb_first=frozenset({"approval"}),
    )


CAPABILITY = Capability(name="approvals", audit=_audit)
