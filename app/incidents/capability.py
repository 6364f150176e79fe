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
    from app.incidents import decisions, settings

    return (*decisions.specs(), *settings.specs())


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "deploy": "Deploy of",
            "incident": "Incident",
            "incident_review": "Review of",
            "incident_rule": "Rule for incidents",
            "severity_matrix": "Severity matrix",
        },
        verbs={
            "incidents.action.added": "has an action item more",
            "incidents.action.changed": "has an action item changed",
            "incidents.action.done": "has an action item done",
            "incidents.action.reopened": "has an action item opened again",
            "incidents.alert.attached": "has alerts attached",
            "incidents.alert.detached": "has an alert detached",
            "incidents.deploy.recorded": "went out",
            "incidents.entry.corrected": "has an entry corrected",
            "incidents.entry.pinned": "has an entry pinned",
            "incidents.entry.unpinned": "has an entry unpinned",
            "incidents.incident.acknowledged": "acknowledged",
            "incidents.incident.changed": "changed",
            "incidents.incident.detected": "waits for somebody again",
            "incidents.incident.merged": "merged into another one",
            "incidents.incident.mitigated": "mitigated",
            "incidents.incident.opened": "opened",
            "incidents.incident.reopened": "opened again",
            "incidents.incident.resolved": "resolved",
            "incidents.incident.reviewed": "reviewed",
            "incidents.incident.severity_changed": "has another severity",
            "incidents.incident.times_changed": "has other key times",
            "incidents.incident.took_in": "took in another one",
            "incidents.matrix.changed": "changed",
            "incidents.note.written": "has a note",
            "incidents.page.asked": "paged by hand",
            "incidents.page.failed": "could page nobody",
            "incidents.participant.joined": "has somebody more",
            "incidents.participant.left": "has somebody less",
            "incidents.review.approved": "approved",
            "incidents.review.begun": "begun",
            "incidents.review.changed": "changed",
            "incidents.review.published": "published",
            "incidents.review.sent_back": "sent back",
            "incidents.review.submitted": "waits for approval",
            "incidents.role.given": "has a role given",
            "incidents.role.handed_over": "has a role handed over",
            "incidents.role.released": "has a role released",
            "incidents.rule.changed": "changed",
            "incidents.rule.created": "created",
            "incidents.update.overdue": "owes an update",
            "incidents.update.posted": "has an update posted",
            "shop.deploys.ingested": "received",
        },
        quoted=frozenset({"incident_rule"}),
    )


CAPABILITY = Capability(
    name="incidents",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="incidents.open",
            permission=Permission.VIEW_INCIDENTS,
            one="incident is open",
            more="incidents are open",
            topics=frozenset({Topic.INCIDENTS}),
        ),
        BadgeSpec(
            key="incidents.reviews",
            permission=Permission.MANAGE_INCIDENTS,
            one="review waits for you",
            more="reviews wait for you",
            topics=frozenset({Topic.INCIDENT_REVIEWS}),
        ),
    ),
    audit=_audit,
)
