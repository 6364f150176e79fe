"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"page": "Page"},
        verbs={
            "oncall.page.acknowledged": "acknowledged",
            "oncall.page.called": "sent to whoever is next",
            "oncall.page.reopened": "opened again, nobody has ended it",
            "oncall.page.resolved": "over",
            "oncall.page.started": "begun",
            "oncall.page.tested": "sent to test it",
        },
        quoted=frozenset({"page"}),
    )


CAPABILITY = Capability(name="oncall", audit=_audit)
