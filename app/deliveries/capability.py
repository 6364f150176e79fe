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
        nouns={
            "connection": "Connection",
            "contact_method": "Address",
            "letter": "Dead letters",
            "notice": "Notice",
            "route_map": "Who hears of what",
            "shop_command": "Command to the shop about",
            "template": "Text of notices",
        },
        verbs={
            "deliveries.command.asked_again": "asked for again",
            "deliveries.command.dead": "given up, the shop did not carry it out",
            "deliveries.command.discarded": "given up",
            "deliveries.command.done": "carried out",
            "deliveries.command.uncertain": "may have been carried out, its answer was lost",
            "deliveries.connection.changed": "changed",
            "deliveries.connection.created": "added",
            "deliveries.connection.failed": "failed its test",
            "deliveries.connection.failing": "does not answer",
            "deliveries.connection.hook_secret_removed": "no longer listens, its signing secret was removed",
            "deliveries.connection.hook_secret_set": "given a signing secret",
            "deliveries.connection.paused": "paused",
            "deliveries.connection.proven": "passed its test",
            "deliveries.connection.recovered": "answers again",
            "deliveries.connection.removed": "removed",
            "deliveries.connection.resumed": "resumed",
            "deliveries.connection.secret_removed": "turned off",
            "deliveries.connection.secret_set": "given a secret",
            "deliveries.connection.stopped": "refused us, sending has stopped",
            "deliveries.connection.tested": "tested",
            "deliveries.contact.added": "added",
            "deliveries.contact.removed": "removed",
            "deliveries.contact.verified": "proved to be its owner's",
            "deliveries.hook.received": "sent us something",
            "deliveries.letter.discarded": "discarded",
            "deliveries.letter.replayed": "replayed",
            "deliveries.notice.erased": "erased",
            "deliveries.notice.written": "written",
            "deliveries.route_map.changed": "changed",
            "deliveries.template.changed": "changed",
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
