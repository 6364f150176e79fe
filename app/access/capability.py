"""What this capability is in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.audit_words import AuditWords
from app.core.capability import BadgeSpec, Capability, Engine
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.mutation_types import MutationSpec


def _mutations(_engine: Engine) -> Sequence[MutationSpec]:
    from app.access.domain import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "access_difference": "Access",
            "access_review": "Review of",
            "role": "Role",
            "role_assignment": "Role",
        },
        verbs={
            "rbac.difference.found": "differs outside",
            "rbac.difference.gone": "no longer differs outside",
            "rbac.review.closed": "closed",
            "rbac.review.opened": "due",
            "rbac.role.assigned": "given",
            "rbac.role.changed": "changed",
            "rbac.role.created": "created",
            "rbac.role.end_changed": "given until another time",
            "rbac.role.expired": "ended, its time has passed",
            "rbac.role.revoked": "taken away",
        },
    )


CAPABILITY = Capability(
    name="access",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="access.approvals",
            permission=Permission.APPROVE_ROLES,
            one="approval waits for you",
            more="approvals wait for you",
            topics=frozenset({Topic.APPROVALS, Topic.ASSIGNMENTS}),
        ),
    ),
    audit=_audit,
)
