"""What this capability is in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.audit_words import AuditWords
from app.core.capability import Capability, Engine
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.mutation_types import MutationSpec


def _mutations(_engine: Engine) -> Sequence[MutationSpec]:
    from app.alerts.domain import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"alert": "Alert", "alert_rule": "Alert rule"},
        verbs={
            "alerts.alert.acknowledged": "acknowledged",
            "alerts.alert.changed": "changed",
            "alerts.alert.cleared": "cleared",
            "alerts.alert.escalated": "became more severe",
            "alerts.alert.raised": "raised",
            "alerts.alert.resumed": "holds again",
            "alerts.alert.returned": "is over and not acknowledged",
            "alerts.alert.shelved": "shelved",
            "alerts.alert.unshelved": "unshelved",
            "alerts.rule.changed": "changed",
            "alerts.rule.created": "created",
        },
        quoted=frozenset({"alert"}),
    )


CAPABILITY = Capability(
    name="alerts", mutations=_mutations, also={Topic.ALERTS: frozenset({Topic.DASHBOARD})}, audit=_audit
)
