"""A request for each writing route of privacy, and the entry it must leave in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg

from backend.core.capability import PersonalSystems
from backend.core.database import Database
from backend.privacy.graph import queries as graph
from backend.privacy.graph import reads
from backend.privacy.graph.actions import plan_runs
from backend.privacy.graph.steps import EXPORT
from backend.privacy.keys.reads import hold_key
from backend.runtime.outside import outside
from tests.backend.privacy.fixtures import RING

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


def _verified(world: Any) -> str:
    path = _request(world, type="deletion")
    world.done("POST", f"{path}/verify", OFFICER, CONFIRMED, If_Match=1)
    return path


def _second(world: Any) -> str:
    """Another compliance officer."""
    world.people += 1
    person = f"officer-{world.people}"
    with psycopg.connect(world.api.owner_url, autocommit=True) as connection:
        connection.execute("insert into account (id, name) values (%s, %s)", (person, person))
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by) values (%s, 'compliance-officer', 'test')",
            (person,),
        )
    return person


def _running(world: Any) -> str:
    """A rectification, whose systems are done by hand."""
    path = _request(world, type="rectification")
    world.done("POST", f"{path}/verify", OFFICER, CONFIRMED, If_Match=1)

    async def plan() -> None:
        settings = world.api.settings
        database = Database(settings.database_url)
        await database.open()
        async with database.transaction() as tx:
            await plan_runs(tx, outside(settings).of(PersonalSystems))
        await database.close()

    asyncio.run(plan())
    return path


def _version(world: Any, path: str) -> int:
    return int(world.done("GET", path, OFFICER)["version"])


def _reviewed(world: Any) -> tuple[str, str]:
    """An access request that has gathered one row, and the step that has it."""
    path = _request(world)
    request_id = path.rpartition("/")[2]
    world.done("POST", f"{path}/verify", OFFICER, CONFIRMED, If_Match=1)

    async def gather() -> str:
        settings = world.api.settings
        database = Database(settings.database_url)
        await database.open()
        async with database.transaction() as tx:
            await plan_runs(tx, outside(settings).of(PersonalSystems))
            key = await hold_key(tx, RING, UUID(request_id))
            assert key is not None
            [found] = [each for each in await reads.nodes(tx, UUID(request_id)) if each.name == "shop.orders"]
            values = {"node_id": found.node_id, "part": 0}
            values["sealed"] = key.seal('[{"id": "o1"}]', EXPORT, f"{found.node_id} 0")
            await tx.execute(graph.keep_export, values)
            await tx.execute(graph.end_request, {"request_id": request_id, "state": "review"})
        await database.close()
        return found.node_id

    return path, asyncio.run(gather())


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

    def node(what: str, name: str, body: Any, verb: str) -> Any:
        def press(world: Any, send: Any) -> Any:
            path = _running(world)
            found = world.done("GET", f"{path}/graph", OFFICER)["nodes"]
            one = next(each for each in found if each["name"] == name)
            return send("POST", f"{path}/nodes/{one['nodeId']}/{what}", OFFICER, body, If_Match=one["version"])

        return case(press, f"privacy.request.{verb}", "privacy_request", "after")

    def ask(world: Any, send: Any) -> Any:
        path = _verified(world)
        return send("POST", f"{path}/ask-approval", OFFICER, {"reason": "She wants it"}, If_Match=2)

    def decide(world: Any, send: Any) -> Any:
        asked = ask(world, world.send).json()["approvalId"]
        body = {"decision": "deny", "reason": "Not hers"}
        return send("POST", f"{PRIVACY}/approvals/{asked}/decision", _second(world), body, If_Match=1)

    def redact(world: Any, send: Any) -> Any:
        path, node_id = _reviewed(world)
        body = {"redactions": [{"nodeId": node_id, "row": 0, "field": "id"}]}
        return send("POST", f"{path}/package/redact", OFFICER, body, If_Match=_version(world, path))

    def release(world: Any, send: Any) -> Any:
        path, _ = _reviewed(world)
        return send("POST", f"{path}/package/release", OFFICER, If_Match=_version(world, path))

    one_node = f"{ONE}/nodes/{{node_id}}"
    return {
        ("POST", f"{one_node}/retry"): node("retry", "shop.itself", None, "step_retried"),
        ("POST", f"{one_node}/skip"): node("skip", "shop.itself", {"reason": "Gone"}, "skip_asked"),
        ("POST", f"{one_node}/complete"): node("complete", "shop.orders", {"words": "Looked"}, "step_by_hand"),
        ("POST", f"{ONE}/package/preview"): case(
            lambda w, send: send("POST", f"{_reviewed(w)[0]}/package/preview", OFFICER, WHY),
            "privacy.person.viewed",
            "person",
            "after",
            WHY["purpose"],
        ),
        ("POST", f"{ONE}/package/redact"): case(redact, "privacy.request.redacted", "privacy_request", "after"),
        ("POST", f"{ONE}/package/release"): case(release, *of("released")),
        ("POST", f"{ONE}/ask-approval"): case(ask, "approvals.asked", "approval", "after", "She wants it"),
        ("POST", f"{PRIVACY}/approvals/{{approval_id}}/decision"): case(
            decide, "approvals.denied", "approval", "before after", "Not hers"
        ),
        ("PUT", f"{PRIVACY}/retention/{{name}}"): case(
            lambda _, send: send(
                "PUT",
                f"{PRIVACY}/retention/shop.quarantine",
                OFFICER,
                {"enabled": True, "expected": 0, "reason": "Looked at"},
                If_Match=1,
            ),
            "privacy.retention.enabled",
            "retention",
            "before after",
            "Looked at",
        ),
        ("PUT", f"{PRIVACY}/runs"): case(
            lambda _, send: send("PUT", f"{PRIVACY}/runs", OFFICER, {"paused": True, "reason": "Stop"}, If_Match=1),
            "privacy.runs.paused",
            "privacy_runs",
            "before after",
            "Stop",
        ),
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
