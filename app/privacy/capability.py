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
    from app.privacy.mutations import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "consent": "Consent",
            "consent_export": "Export of consents",
            "erasure": "Erasure",
            "person": "Person",
            "policy_acknowledgement": "Policy",
            "privacy_keys": "Keys of personal data",
            "privacy_jurisdiction": "Reading of the law",
            "privacy_policy": "Privacy policy",
            "privacy_request": "Privacy request",
            "privacy_runs": "Runs of privacy requests",
            "retention": "Retention",
        },
        verbs={
            "privacy.consent.exported": "taken elsewhere",
            "privacy.consent.granted": "given",
            "privacy.consent.revoked": "withdrawn",
            "privacy.keys.copied": "copied",
            "privacy.keys.rotated": "wrapped by the new key",
            "privacy.person.viewed": "looked at",
            "privacy.policy.acknowledged": "acknowledged",
            "privacy.policy.campaign_begun": "to be acknowledged, people are asked",
            "privacy.policy.published": "published",
            "privacy.jurisdiction.changed": "changed",
            "privacy.erasure.replayed": "carried out again",
            "privacy.request.approved": "erasure approved",
            "privacy.request.begun": "begun",
            "privacy.request.changed": "changed",
            "privacy.request.download_refused": "link had ended",
            "privacy.request.downloaded": "fetched",
            "privacy.request.extended": "extended",
            "privacy.request.linked": "linked as a duplicate",
            "privacy.request.not_verified": "proof of identity failed",
            "privacy.request.paused": "clock stopped",
            "privacy.request.received": "received",
            "privacy.request.redacted": "fields left out",
            "privacy.request.refused": "refused",
            "privacy.request.released": "released",
            "privacy.request.resumed": "clock runs again",
            "privacy.request.run_ended": "all steps done",
            "privacy.request.skip_asked": "a step is to be skipped",
            "privacy.request.step_by_hand": "step done by hand",
            "privacy.request.step_done": "step done",
            "privacy.request.step_retried": "step tried again",
            "privacy.request.step_skipped": "step skipped",
            "privacy.request.unlinked": "no duplicate any more",
            "privacy.request.verified": "identity verified",
            "privacy.request.withdrawn": "withdrawn",
            "privacy.retention.applied": "old rows removed",
            "privacy.retention.disabled": "switched off",
            "privacy.retention.enabled": "switched on",
            "privacy.runs.paused": "stopped",
            "privacy.runs.resumed": "go on",
        },
        quoted=frozenset({"privacy_policy"}),
    )


CAPABILITY = Capability(
    name="privacy",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="privacy.requests",
            permission=Permission.VIEW_PRIVACY_REQUESTS,
            one="privacy request is open",
            more="privacy requests are open",
            topics=frozenset({Topic.PRIVACY_REQUESTS}),
        ),
    ),
    audit=_audit,
)
