"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "consent": "Consent",
            "consent_export": "Export of consents",
            "person": "Person",
            "policy_acknowledgement": "Policy",
            "privacy_keys": "Keys of personal data",
            "privacy_jurisdiction": "Reading of the law",
            "privacy_policy": "Privacy policy",
            "privacy_request": "Privacy request",
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
            "privacy.request.changed": "changed",
            "privacy.request.extended": "extended",
            "privacy.request.linked": "linked as a duplicate",
            "privacy.request.not_verified": "proof of identity failed",
            "privacy.request.paused": "clock stopped",
            "privacy.request.received": "received",
            "privacy.request.refused": "refused",
            "privacy.request.resumed": "clock runs again",
            "privacy.request.unlinked": "no duplicate any more",
            "privacy.request.verified": "identity verified",
            "privacy.request.withdrawn": "withdrawn",
        },
        quoted=frozenset({"privacy_policy"}),
    )


CAPABILITY = Capability(name="privacy", audit=_audit)
