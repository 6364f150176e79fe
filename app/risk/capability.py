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
    from app.risk import queue, rules

    return *queue.specs(), *rules.specs()


def _audit() -> AuditWords:
    return AuditWords()


CAPABILITY = Capability(
    name="risk",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="risk.queue",
            permission=Permission.APPROVE_ORDERS,
            one="entry waits to be decided",
            more="entries wait to be decided",
            topics=frozenset({Topic.RISK_QUEUE}),
        ),
    ),
    audit=_audit,
)
