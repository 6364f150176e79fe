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
    from app.deliveries.domain import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"connection": "Connection"},
        verbs={
            "deliveries.connection.changed": "changed",
            "deliveries.connection.created": "added",
            "deliveries.connection.hook_secret_removed": "no longer listens, its signing secret was removed",
            "deliveries.connection.hook_secret_set": "given a signing secret",
            "deliveries.connection.paused": "paused",
            "deliveries.connection.resumed": "resumed",
            "deliveries.connection.secret_removed": "off, its secret was removed",
            "deliveries.connection.secret_set": "given a secret",
            "deliveries.connection.tested": "tested",
        },
    )


CAPABILITY = Capability(
    name="deliveries",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="deliveries.connections",
            permission=Permission.VIEW_CONNECTIONS,
            one="connection needs attention",
            more="connections need attention",
            topics=frozenset({Topic.CONNECTIONS}),
        ),
    ),
    audit=_audit,
)
