"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import BadgeSpec, Capability
from models.core.permissions import Permission
from models.core.topics import Topic


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "connection": "Connection",
            "contact_method": "Address",
            "letter": "Dead letters",
            "notice": "Notice",
            "route_map": "Who hears of what",
            "shop_command": "Command to the shop about",
            "template": "Text",
        },
        verbs={
            "deliveries.command.asked_again": "asked for again",
            "deliveries.command.dead": "given up, the shop did not carry it out",
            "deliveries.command.discarded": "given up",
            "deliveries.command.done": "carried out",
            "deliveries.command.uncertain": "may have been carried out, its answer was lost",
            "deliveries.connection.failed": "not proved, the canary failed",
            "deliveries.connection.failing": "failing, sending pauses",
            "deliveries.connection.proven": "proved",
            "deliveries.connection.recovered": "works again",
            "deliveries.connection.stopped": "stopped, it refuses us",
            "deliveries.contact.added": "added",
            "deliveries.contact.removed": "removed",
            "deliveries.contact.verified": "verified",
            "deliveries.hook.received": "sent us something",
            "deliveries.letter.discarded": "given up",
            "deliveries.letter.replayed": "sent again",
            "deliveries.notice.erased": "erased",
            "deliveries.notice.written": "written",
            "deliveries.route_map.changed": "changed",
            "deliveries.template.changed": "changed",
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
