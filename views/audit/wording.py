"""Audit entries in words: what happened, who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.wording import initials, system_name
from views.kit.field_words import sentence

if TYPE_CHECKING:
    from models.audit import AuditLogEntry

NOUNS = {
    "access_difference": "Access",
    "access_review": "Review of",
    "account": "Account",
    "alert": "Alert",
    "alert_rule": "Alert rule",
    "approval": "Request",
    "audit_log": "Audit log",
    "backup": "Backup",
    "ingest_batch": "Delivery of",
    "role": "Role",
    "role_assignment": "Role",
    "sample_shop": "Sample shop",
    "session": "Session",
}
VERBS = {
    "approvals.agreed": "agreed to, waits for one more",
    "approvals.asked": "asked for",
    "audit.log.exported": "exported",
    "rbac.account.set": "set up",
    "rbac.difference.found": "differs outside",
    "rbac.difference.gone": "no longer differs outside",
    "rbac.review.closed": "closed",
    "rbac.review.opened": "due",
    "rbac.role.assigned": "given",
    "rbac.role.end_changed": "given until another time",
    "rbac.role.expired": "ended, its time has passed",
    "rbac.role.revoked": "taken away",
    "sample.shop.created": "opened",
    "session.ended": "ended",
    "session.recovery_code_used": "used a recovery code",
    "session.recovery_codes_renewed": "has new recovery codes",
    "session.second_factor_begun": "begins to set up a second factor",
    "session.second_factor_refused": "was refused a second factor",
    "session.second_factor_removed": "lost its second factor",
    "session.second_factor_set_up": "set up a second factor",
    "session.second_factor_used": "confirmed with a second factor",
    "session.sign_in_slowed": "tried to sign in too often",
    "session.signed_in": "signed in",
}
"""What was done, where the last part of the action does not say it well enough."""


def title(entry: AuditLogEntry) -> str:
    """What happened: ``Role Support lead changed``. Names where there are any, never an id in their place."""
    noun = NOUNS.get(entry.resource_type, sentence(entry.resource_type))
    label = entry.resource_label
    if not label and entry.resource_type in {"account", "session"}:
        label = entry.actor_label
    if label and entry.resource_type == "alert":
        label = f"“{label}”"
    verb = VERBS.get(entry.action) or entry.action.rpartition(".")[2].replace("_", " ")
    if label and entry.resource_type == "approval":
        return f"{verb[:1].upper()}{verb[1:]}: {label}"
    if not label:
        noun = noun.removesuffix(" of")
    return " ".join(part for part in (noun, label, verb) if part)


def who(entry: AuditLogEntry) -> str:
    """Whole name of who did it."""
    return system_name(entry.actor) or entry.actor_label or entry.actor


def short(entry: AuditLogEntry) -> str:
    """``TK`` for a person; a part of the system by its name."""
    return system_name(entry.actor) or initials(who(entry))
