"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"account": "Account", "session": "Session"},
        verbs={
            "rbac.account.set": "set up",
            "session.ended": "ended",
            "session.recovery_code_used": "used a recovery code",
            "session.recovery_codes_renewed": "has new recovery codes",
            "session.refreshed": "renewed",
            "session.second_factor_begun": "begins to set up a second factor",
            "session.second_factor_refused": "was refused a second factor",
            "session.second_factor_removed": "lost its second factor",
            "session.second_factor_set_up": "set up a second factor",
            "session.second_factor_used": "confirmed with a second factor",
            "session.sign_in_slowed": "tried to sign in too often",
            "session.signed_in": "signed in",
        },
        about_actor=frozenset({"account", "session"}),
    )


CAPABILITY = Capability(name="accounts", audit=_audit)
