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


REQUESTS, LAWS = f"{PRIVACY}/access-requests", f"{PRIVACY}/jurisdictions"
ONE = f"{REQUESTS}/{{request_id}}"
CONFIRMED = {"confirmed": True, "method": "document", "evidence": "Passport"}
PAUSE = {"reason": "clarification", "words": "Which orders?"}
READING = {
    "title": "Elsewhere",
    "law": "our own promise",
    "zone": "UTC",
    "unit": "days",
    "period": 29,
    "extended": 60,
    "rolls": False,
    "internalDays": 10,
    "reason": "Counsel",
}


def _request(world: Any, **more: Any) -> str:
    """Of somebody new, so that none is linked with another."""
    world.people += 1
    body = {"type": "access", "userId": f"r-{world.people}"} | more
    return f"{REQUESTS}/{world.done('POST', REQUESTS, SHOP, body)['requestId']}"


def _linked(world: Any) -> str:
    path = _request(world)
    world.done("POST", REQUESTS, SHOP, {"type": "access", "userId": f"r-{world.people}"})
    found = world.done("GET", f"{REQUESTS}?open=false&status=duplicate", OFFICER)["items"]
    return path if not found else f"{REQUESTS}/{found[-1]['requestId']}"


def _request_cases(case: Callable[..., Any]) -> dict[tuple[str, str], Any]:
    def of(verb: str) -> tuple[str, str, str]:
        keeps = "after" if verb == "received" else "before after"
        return f"privacy.request.{verb}", "privacy_request", keeps

    def step(what: str, body: Any, verb: str, make: Callable[[Any], str] = _request) -> Any:
        return case(lambda w, send: send("POST", f"{make(w)}/{what}", OFFICER, body, If_Match=1), *of(verb))

    def resume(world: Any, send: Any) -> Any:
        path = _request(world)
        world.done("POST", f"{path}/pause", OFFICER, PAUSE, If_Match=1)
        return send("POST", f"{path}/resume", OFFICER, If_Match=2)

    def link(world: Any, send: Any) -> Any:
        other = _request(world).rpartition("/")[2]
        body = {"other": other, "reason": "She says so"}
        return send("POST", f"{_request(world)}/link", OFFICER, body, If_Match=1)

    return {
        ("POST", REQUESTS): case(
            lambda _, send: send("POST", REQUESTS, SHOP, {"type": "access", "userId": "r-0"}), *of("received")
        ),
        ("POST", f"{REQUESTS}/import"): case(
            lambda _, send: send(
                "POST", f"{REQUESTS}/import", OFFICER, {"requests": [{"type": "access", "userId": "r-i"}]}
            ),
            *of("received"),
        ),
        ("PATCH", ONE): case(
            lambda w, send: send("PATCH", _request(w), OFFICER, {"owner": OFFICER}, If_Match=1), *of("changed")
        ),
        ("POST", f"{ONE}/person"): case(
            lambda w, send: send("POST", f"{_request(w)}/person", OFFICER, WHY),
            "privacy.person.viewed",
            "person",
            "after",
            WHY["purpose"],
        ),
        ("POST", f"{ONE}/verify"): step("verify", CONFIRMED, "verified"),
        ("POST", f"{ONE}/link"): case(link, *of("linked")),
        ("POST", f"{ONE}/unlink"): case(
            lambda w, send: send("POST", f"{_linked(w)}/unlink", OFFICER, If_Match=2), *of("unlinked")
        ),
        ("POST", f"{ONE}/pause"): step("pause", PAUSE, "paused"),
        ("POST", f"{ONE}/resume"): case(resume, *of("resumed")),
        ("POST", f"{ONE}/extend"): step("extend", {"reason": "Many", "notice": "It takes longer"}, "extended"),
        ("PUT", f"{LAWS}/{{code}}"): case(
            lambda _, send: send("PUT", f"{LAWS}/other", OFFICER, READING, If_Match=1),
            "privacy.jurisdiction.changed",
            "privacy_jurisdiction",
            "before after",
            "Counsel",
        ),
    }


def privacy_cases(case: Callable[..., Any]) -> dict[tuple[str, str], Any]:
    """By method and route; ``case`` makes one."""

    def looked(path: Callable[[Any], str], body: dict[str, Any] = WHY, action: str = "privacy.person.viewed") -> Any:
        resource = "person" if action == "privacy.person.viewed" else "consent_export"
        return case(lambda w, send: send("POST", path(w), OFFICER, body), action, resource, "after", WHY["purpose"])

    return _request_cases(case) | {
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
