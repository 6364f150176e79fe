"""A request for each writing route of privacy, and the entry it must leave in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PRIVACY = "/api/privacy"
CONSENT, POLICIES = f"{PRIVACY}/consent", f"{PRIVACY}/policies"
SHOP, OFFICER = "storefront", "compliance-officer"
YES = {"userId": "c-17", "consentType": "marketing", "status": "granted"}
WHY = {"purpose": "Ticket 4711"}
POLICY = {
    "title": "Privacy policy",
    "changes": "Clearer words",
    "url": "https://shop.example/privacy",
    "requiresAcknowledgement": True,
    "texts": [
        {
            "locale": "en",
            "title": "News?",
            "body": "Yes or no.",
            "choices": [{"consentType": "marketing", "label": "News"}],
        }
    ],
}
ASKING = {("POST", f"{CONSENT}/state")}


def _policy(world: Any) -> str:
    return f"{POLICIES}/{world.done('POST', POLICIES, OFFICER, POLICY)['version']}"


def _consent(world: Any) -> str:
    return f"{CONSENT}/{world.done('POST', CONSENT, SHOP, YES)['consentId']}"


def privacy_cases(case: Callable[..., Any]) -> dict[tuple[str, str], Any]:
    """By method and route; ``case`` makes one."""

    def looked(path: Callable[[Any], str], body: dict[str, Any] = WHY, action: str = "privacy.person.viewed") -> Any:
        resource = "person" if action == "privacy.person.viewed" else "consent_export"
        return case(lambda w, send: send("POST", path(w), OFFICER, body), action, resource, "after", WHY["purpose"])

    return {
        ("POST", CONSENT): case(
            lambda _, send: send("POST", CONSENT, SHOP, YES), "privacy.consent.granted", "consent", "after"
        ),
        ("POST", f"{CONSENT}/form"): case(
            lambda _, send: send("POST", f"{CONSENT}/form", SHOP, {"consents": [YES | {"status": "revoked"}]}),
            "privacy.consent.revoked",
            "consent",
            "after",
        ),
        ("POST", f"{CONSENT}/import"): case(
            lambda _, send: send("POST", f"{CONSENT}/import", OFFICER, {"consents": [YES]}),
            "privacy.consent.granted",
            "consent",
            "after",
        ),
        ("POST", f"{CONSENT}/export"): looked(lambda _: f"{CONSENT}/export", action="privacy.consent.exported"),
        ("POST", f"{CONSENT}/lookup"): looked(lambda _: f"{CONSENT}/lookup", {"userId": "c-17"} | WHY),
        ("POST", f"{CONSENT}/{{consent_id}}/receipt"): looked(lambda w: f"{_consent(w)}/receipt"),
        ("POST", POLICIES): case(
            lambda _, send: send("POST", POLICIES, OFFICER, POLICY),
            "privacy.policy.published",
            "privacy_policy",
            "after",
        ),
        ("POST", f"{POLICIES}/{{version}}/acknowledge"): case(
            lambda w, send: send("POST", f"{_policy(w)}/acknowledge", SHOP, {"userId": "c-17"}),
            "privacy.policy.acknowledged",
            "policy_acknowledgement",
            "after",
        ),
        ("POST", f"{POLICIES}/{{version}}/outstanding"): looked(lambda w: f"{_policy(w)}/outstanding"),
        ("POST", f"{POLICIES}/{{version}}/campaign"): case(
            lambda w, send: send("POST", f"{_policy(w)}/campaign", OFFICER),
            "privacy.policy.campaign_begun",
            "privacy_policy",
            "after",
        ),
    }
