"""Every route that changes something leaves an audit entry of who did what, and one that forgets is a fault of ours."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import psycopg
import pyotp
import pytest
from psycopg.rows import dict_row

from backend.audit.relay import queries as audit_queries
from backend.audit.seal import seal
from backend.core import audit_trail
from backend.core.database import Database
from backend.core.dependencies import Tx
from backend.core.http import operations_router
from backend.core.keys import Key, new_signing_key
from backend.core.security import Principal, require
from backend.core.settings import Settings
from backend.runtime.asgi import create_app
from models.alerts import AlertRule
from tests.backend.accounts.fixtures import PASSWORD, next_code
from tests.backend.alerts.fixtures import RULE, raise_alert
from tests.backend.analytics.audited import ASKING as ANALYTICS_ASKING
from tests.backend.analytics.audited import AUDITED as ANALYTICS_AUDITED
from tests.backend.audit.fixtures import all_stamped
from tests.backend.core.fixtures import guards
from tests.backend.launch.audited import AUDITED
from tests.backend.oncall.audited import oncall_cases
from tests.backend.oncall.fixtures import Desk, person, step
from tests.backend.privacy.audited import ASKING as PRIVACY_ASKING
from tests.backend.privacy.audited import privacy_cases
from tests.backend.privacy.fixtures import KEYS
from tests.backend.reporting.audited import tax_cases
from tests.backend.risk.fixtures import QUEUE, RiskShop
from tests.backend.risk.samples import CHECK, order, publish, rule
from tests.backend.runbooks.fixtures import DRAFT
from tests.conftest import Api, serve_in_thread

OPERATIONS = "/api/operations"
SESSION = f"{OPERATIONS}/session"
RBAC = f"{OPERATIONS}/rbac"
RISK = "/api/risk"
INCIDENTS = f"{OPERATIONS}/incidents"
LIST = {"title": "Devices", "kind": "custom", "metric": "device"}
DELIVERIES = "/api/deliveries"
RUNBOOKS = f"{OPERATIONS}/runbooks"
CONNECTIONS = f"{DELIVERIES}/connections"
HOOK = {"name": "Desk", "settings": {"kind": "webhook", "url": "https://hooks.example/in"}}
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    key = tmp_path / "audit.key"
    key.write_text(new_signing_key())
    return Settings(
        database_url=database_url,
        token_key="k" * 40,
        environment="Test",
        audit_key_file=key,
        connection_key=Key.make(),
        privacy_key=KEYS,
        finance_sftp="sftp://shop@localhost/in",
        finance_sftp_host_key=f"ssh-ed25519 {'A' * 60}",
        finance_sftp_key_file=key,
    )


class World:
    """An API, and what a case needs to find in it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.people = 0
        self.rule: dict[str, Any] = {}
        self.mail = ""

    def send(self, method: str, path: str, role: str | None, body: Any = None, **headers: Any) -> httpx.Response:
        """A request of a role's account, or with a token, or of nobody."""
        given = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        if role is not None:
            given["Authorization"] = f"Bearer {role if role.count('.') == 2 else self.api.token(role)}"
        return httpx.request(method, self.api.base_url + path, json=body, headers=given, timeout=10)

    def done(self, *arguments: Any, **headers: Any) -> dict[str, Any]:
        """What a request that belongs to the preparations answered."""
        answer = self.send(*arguments, **headers)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def person(self) -> str:
        """Somebody new."""
        self.people += 1
        self.api.add_person(f"p{self.people}", f"Person {self.people}", PASSWORD)
        return f"p{self.people}"

    def tokens(self, person: str | None = None) -> dict[str, Any]:
        """A session."""
        return self.done("POST", SESSION, None, {"account": person or self.person(), "password": PASSWORD})

    def begun(self) -> tuple[str, pyotp.TOTP]:
        """An access token of somebody who has begun to set up a second factor."""
        access = self.tokens()["accessToken"]
        secret = self.done("POST", f"{SESSION}/second-factor", access, {"password": PASSWORD})["secret"]
        return access, pyotp.TOTP(secret)

    def stepped_up(self) -> tuple[str, pyotp.TOTP]:
        """An access token of somebody who has used a second factor."""
        access, totp = self.begun()
        return self.done("POST", f"{SESSION}/second-factor/confirm", access, {"code": totp.now()})["accessToken"], totp

    def alert(self) -> str:
        """An active alert; a rule has one of its own at most."""
        self.rule = self.done("POST", f"{OPERATIONS}/alert-rules", "operations-lead", RULE)
        return raise_alert(self.api, AlertRule.model_validate(self.rule))

    def asked(self) -> str:
        """An approval that waits: somebody new is to be an administrator."""
        wish = {"userId": self.person(), "roleId": "administrator", "reason": "cover"}
        return str(self.done("POST", f"{RBAC}/assign", "administrator", wish)["approvalId"])

    def review(self) -> str:
        """An open review of a break-glass grant."""
        wish = {"userId": self.person(), "roleId": "administrator", "reason": "fire", "minutes": 5}
        asked = self.done("POST", f"{RBAC}/break-glass", "administrator", wish)["approvalId"]
        path = f"{RBAC}/approvals/{asked}/decision"
        self.done("POST", path, "compliance-officer", {"decision": "approve"}, If_Match=1)
        reviews = self.done("GET", f"{RBAC}/reviews?open=true", "compliance-officer")["items"]
        return str(reviews[0]["reviewId"])

    def risk_list(self) -> str:
        """A list of devices."""
        self.people += 1
        name = f"devices-{self.people}"
        return str(self.done("POST", f"{RISK}/lists", "risk-manager", LIST | {"listId": name})["listId"])

    def snooze_draft(self) -> dict[str, str]:
        """A published rule, quiet for somebody new."""
        publish(self.api.owner_url, rule())
        self.people += 1
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        who = {"ruleId": "velocity-card", "subject": "customer_id", "value": f"C-{self.people}"}
        return who | {"until": until, "reason": "known"}

    def sealed(self) -> None:
        """Whatever stands in the log is sealed."""

        async def run() -> None:
            database = Database(self.api.settings.database_url or "")
            await database.open()
            await all_stamped(database, self.api.settings)
            await seal(database, self.api.settings)
            await database.close()

        asyncio.run(run())

    def connection(self, name: str, *, ready: bool = True, **settings: Any) -> str:
        """An outside system, set up."""
        kept = settings or {"kind": "webhook", "url": "https://hooks.example/in"}
        made = self.done("POST", CONNECTIONS, "administrator", {"name": name, "settings": kept})["id"]
        if ready:
            secret = {"value": "a-secret-of-a-test"}
            self.done("PUT", f"{CONNECTIONS}/{made}/secret", "administrator", secret, If_Match=1)
        return str(made)

    def dead_letter(self, state: str = "dead") -> str:
        """A command the shop did not carry out."""
        with psycopg.connect(self.api.owner_url) as connection:
            row = connection.execute(
                "insert into shop_command (name, about, data, state) values ('order.refund', 'CS-1', '{}', %s)"
                " returning 'command-' || id",
                (state,),
            ).fetchone()
        assert row is not None
        return str(row[0])

    def contact(self, *, code: str = "") -> str:
        """An address, with a code that was sent there."""
        mail = {"host": "127.0.0.1", "sender": "a@shop.example", "recipients": ["b@shop.example"]}
        if not self.mail:
            self.mail = self.connection("Mail", kind="smtp", security="none", ready=False, **mail)
        self.people += 1
        address = {"address": f"p{self.people}@shop.example"}
        made = self.done("POST", f"{DELIVERIES}/contacts", "operations-lead", address)["id"]
        if code:
            hashed = hashlib.sha256(f"operations-lead\0{address['address']}\0{code}".encode()).digest()
            with psycopg.connect(self.api.owner_url) as connection:
                connection.execute("update contact_method set code_hash = %s where id = %s", (hashed, made))
        return str(made)

    def failed_fulfilment(self) -> str:
        """What the shop has failed to do after a verdict."""
        shop = RiskShop(self.api)
        entry_id = shop.entry(order_id="failed")
        shop.done(f"{QUEUE}/{entry_id}/decision", {"status": "reviewed", "verdict": "approved"}, version=1)
        [(intent_id,)] = shop.sql("update shop_command set state = 'dead' where about = 'failed' returning id::text")
        return str(intent_id)

    def incident(self, *, status: str = "", severity: str = "SEV3") -> dict[str, Any]:
        """A new incident, brought to a status."""
        made = self.done("POST", INCIDENTS, "operations-lead", {"severity": severity, "description": "Failing"})
        if status:
            path = f"{INCIDENTS}/{made['incidentId']}/update"
            made = self.done("POST", path, "operations-lead", {"status": status}, If_Match=made["version"])
        return dict(made)

    def incident_review(self, state: str) -> tuple[str, int]:
        """The address and version of a review of operations-lead."""
        path = f"{INCIDENTS}/{self.incident(status='resolved')['incidentId']}/review"
        review = self.done("POST", path, "operations-lead")
        factors = {"factors": [{"kind": "change", "text": "t"}], "impact": "many"}
        if state != "begun":
            review = self.done("PATCH", path, "operations-lead", factors, If_Match=review["version"])
        if state in {"submitted", "approved"}:
            review = self.done("POST", f"{path}/submit", "operations-lead", If_Match=review["version"])
        if state == "approved":
            verdict = {"approve": True}
            review = self.done("POST", f"{path}/decision", "incident-responder", verdict, If_Match=review["version"])
        return path, review["version"]

    def escalation_policy(self) -> str:
        """A policy that pages operations-lead."""
        desk = Desk(self.api.owner_url)
        return str(desk.policy(step(person("operations-lead")), name=f"Policy {time.monotonic_ns()}"))


Send = Callable[..., httpx.Response]


@dataclass(frozen=True)
class Case:
    """A valid request, and the entry it must leave."""

    send: Callable[[World, Send], httpx.Response]
    action: str
    resource_type: str
    keeps: str = ""
    """Which of before and after are kept."""
    reason: str | None = None


def _step_up(world: World, send: Send) -> httpx.Response:
    access, totp = world.stepped_up()
    return send("POST", f"{SESSION}/step-up", access, {"code": next_code(totp)})


def _confirm(world: World, send: Send) -> httpx.Response:
    access, totp = world.begun()
    return send("POST", f"{SESSION}/second-factor/confirm", access, {"code": totp.now()})


def _sign_out(world: World, send: Send) -> httpx.Response:
    tokens = world.tokens()
    return send("DELETE", SESSION, tokens["accessToken"], {"refreshToken": tokens["refreshToken"]})


def _remove_of_somebody(world: World, send: Send) -> httpx.Response:
    world.stepped_up()
    return send("POST", f"{RBAC}/people/p{world.people}/second-factor/remove", "administrator", {"reason": "lost"})


def _change_role(world: World, send: Send) -> httpx.Response:
    draft = {"roleId": "night-watch", "name": "Night watch", "permissions": []}
    world.done("POST", f"{RBAC}/roles", "administrator", draft)
    change = {"description": "At night.", "reason": "clearer"}
    return send("PATCH", f"{RBAC}/roles/night-watch", "administrator", change, If_Match=1)


def _revoke(world: World, send: Send) -> httpx.Response:
    wish = {"userId": world.person(), "roleId": "operations-lead", "reason": "left"}
    return send("POST", f"{RBAC}/revoke", "administrator", wish)


def _unshelve(world: World, send: Send) -> httpx.Response:
    alert = f"{OPERATIONS}/alerts/{world.alert()}"
    world.done("POST", f"{alert}/shelve", "operations-lead", _shelf(), If_Match=1)
    return send("POST", f"{alert}/unshelve", "operations-lead", If_Match=2)


def _change_rule(world: World, send: Send) -> httpx.Response:
    rule = world.done("POST", f"{OPERATIONS}/alert-rules", "operations-lead", RULE)
    return send("PATCH", f"{OPERATIONS}/alert-rules/{rule['id']}", "operations-lead", {"title": "T"}, If_Match=1)


def _export(world: World, send: Send) -> httpx.Response:
    world.sealed()
    return send("POST", f"{OPERATIONS}/audit/export", "operations-lead", {"first": 1, "last": 2, "reason": "asked"})


def _remove_list_entry(world: World, send: Send) -> httpx.Response:
    path = f"{RISK}/lists/{world.risk_list()}/entries"
    entry = world.done("POST", path, "risk-manager", {"value": "d", "reason": "stolen"})["entryId"]
    return send("DELETE", f"{path}/{entry}", "risk-manager")


def _end_snooze(world: World, send: Send) -> httpx.Response:
    made = world.done("POST", f"{RISK}/snoozes", "support-lead", world.snooze_draft())["snoozeId"]
    return send("POST", f"{RISK}/snoozes/{made}/end", "support-lead", {"reason": "moved away"}, If_Match=1)


def _reset_breaker(world: World, send: Send) -> httpx.Response:
    with psycopg.connect(world.api.owner_url) as connection:
        connection.execute("insert into risk_breaker (rule_id, words) values ('velocity-card', 'many')")
    return send("POST", f"{RISK}/breakers/velocity-card/reset", "risk-manager", {"reason": "mended"}, If_Match=1)


def _rule_set(world: World) -> str:
    """A draft of somebody who may write rules."""
    made = world.done("POST", f"{RISK}/rule-sets", "risk-manager", {"title": "Stricter", "rules": []})
    return f"{RISK}/rule-sets/{made['ruleSetId']}"


def _publish(world: World, send: Send) -> httpx.Response:
    made = world.done("POST", f"{RISK}/rule-sets", "administrator", {"title": "Stricter", "rules": []})["ruleSetId"]
    with psycopg.connect(world.api.owner_url) as connection:
        connection.execute(
            "insert into risk_backtest (rule_set_id, rules, placed_from, placed_to, circumstances, asked_by, state)"
            " values (%s, '[]', now(), now(), 'recorded', 'ada', 'done')",
            (made,),
        )
    wish = {"reason": "an attack", "waiveShadow": "no time"}
    return send("POST", f"{RISK}/rule-sets/{made}/publish", "risk-manager", wish, If_Match=1)


def _cancel_backtest(world: World, send: Send) -> httpx.Response:
    made = world.done("POST", f"{RISK}/backtests", "risk-manager", {"rules": [], "days": 7})["backtestId"]
    return send("POST", f"{RISK}/backtests/{made}/cancel", "risk-manager")


def _shelf() -> dict[str, str]:
    return {"until": (datetime.now(UTC) + timedelta(hours=1)).isoformat(), "reason": "known"}


def _queue(what: str, action: str, body: Any = None, reason: str | None = None, keeps: str = "before after") -> Case:
    return Case(
        lambda w, send: send(
            "POST", f"{QUEUE}/{RiskShop(w.api).entry(order_id=what)}/{what}", "risk-analyst", body, If_Match=1
        ),
        f"risk.entry.{action}",
        "risk_entry",
        keeps,
        reason,
    )


def _release(world: World, send: Send) -> httpx.Response:
    entry = f"{QUEUE}/{RiskShop(world.api).entry(order_id='released')}"
    world.done("POST", f"{entry}/claim", "risk-analyst", If_Match=1)
    return send("POST", f"{entry}/release", "risk-analyst", If_Match=2)


def _reopen(world: World, send: Send) -> httpx.Response:
    entry = f"{QUEUE}/{RiskShop(world.api).entry(order_id='reopened')}"
    world.done("POST", f"{entry}/decision", "risk-analyst", {"status": "reviewed", "verdict": "approved"}, If_Match=1)
    return send("POST", f"{entry}/reopen", "risk-analyst", If_Match=2)


def _take_next(world: World, send: Send) -> httpx.Response:
    RiskShop(world.api).entry(order_id="next")
    return send("POST", f"{QUEUE}/take-next", "risk-analyst")


def _bulk(world: World, send: Send) -> httpx.Response:
    entries = [{"entryId": RiskShop(world.api).entry(order_id="bulk"), "version": 1}]
    decision = {"status": "reviewed", "verdict": "rejected", "notes": "stolen"}
    return send("POST", f"{QUEUE}/bulk", "risk-analyst", {"decision": decision, "entries": entries})


def _connection(method: str, path: str, verb: str, body: Any = None, keeps: str = "before after", **more: Any) -> Case:
    """A change of a connection; ``more`` are headers, and the reason it gives."""
    reason = more.pop("reason", None)
    return Case(
        lambda w, send: send(
            method, f"{CONNECTIONS}/{w.connection(f'{method} {path}')}{path}", "administrator", body, **more
        ),
        f"deliveries.connection.{verb}",
        "connection",
        keeps,
        reason,
    )


def _resume(world: World, send: Send) -> httpx.Response:
    path = f"{CONNECTIONS}/{world.connection('resumed')}"
    world.done("POST", f"{path}/pause", "operations-lead", {"reason": "moves"})
    return send("POST", f"{path}/resume", "operations-lead")


def _test(world: World, send: Send) -> httpx.Response:
    made = world.connection("tested")
    with psycopg.connect(world.api.owner_url) as connection:  # as the worker does, which is not there
        connection.execute("update connection_health set proof_tried_at = now() + interval '1 hour', proof = 'proven'")
    return send("POST", f"{CONNECTIONS}/{made}/test", "operations-lead")


def _change_routes(world: World, send: Send) -> httpx.Response:
    route = {"team": "risk", "severity": "P1", "mode": "at_once", "connectionId": world.connection("routed")}
    return send("PUT", f"{DELIVERIES}/routes", "administrator", {"routes": [route], "reason": "new desk"}, If_Match=1)


def _letters(verb: str, body: dict[str, Any], reason: str | None = None) -> Case:
    return Case(
        lambda w, send: send(
            "POST", f"{DELIVERIES}/letters/{verb}", "operations-lead", {"ids": [w.dead_letter()], **body}
        ),
        f"deliveries.letter.{verb}ed",
        "letter",
        "after",
        reason,
    )


def _incident(
    path: str, body: Any, action: str, keeps: str = "", *, method: str = "POST", reason: str | None = None
) -> Case:
    """A change of a new incident."""
    return Case(
        lambda w, send: send(
            method, f"{INCIDENTS}/{w.incident()['incidentId']}{path}", "operations-lead", body, If_Match=1
        ),
        f"incidents.{action}",
        "incident",
        keeps,
        reason,
    )


def _leave_incident(world: World, send: Send) -> httpx.Response:
    path = f"{INCIDENTS}/{world.incident()['incidentId']}/participants"
    world.done("POST", path, "operations-lead", {"userId": "viewer", "reason": "helps"})
    return send("DELETE", f"{path}/viewer", "operations-lead", {"reason": "asleep"})


def _merge_incidents(world: World, send: Send) -> httpx.Response:
    body = {"into": world.incident()["incidentId"], "reason": "one cause"}
    return send("POST", f"{INCIDENTS}/{world.incident()['incidentId']}/merge", "operations-lead", body, If_Match=1)


def _attach(world: World, send: Send) -> httpx.Response:
    path = f"{INCIDENTS}/{world.incident()['incidentId']}/alerts"
    return send("POST", path, "operations-lead", {"alertIds": [world.alert()]})


def _detach(world: World, send: Send) -> httpx.Response:
    alert = world.alert()
    path = f"{INCIDENTS}/{world.incident()['incidentId']}/alerts"
    world.done("POST", path, "operations-lead", {"alertIds": [alert]})
    return send("DELETE", f"{path}/{alert}", "operations-lead")


def _from_alert(world: World, send: Send) -> httpx.Response:
    with psycopg.connect(world.api.owner_url) as connection:  # else it would join the one before
        connection.execute("update incident set groups = '{}'")
    return send("POST", f"{INCIDENTS}/from-alert", "operations-lead", {"alertId": world.alert()})


def _entry(what: str, body: Any) -> Callable[[World, Send], httpx.Response]:
    def change(world: World, send: Send) -> httpx.Response:
        incident = world.incident()["incidentId"]
        with psycopg.connect(world.api.owner_url, autocommit=True) as connection:
            while connection.execute(audit_queries.lag).fetchone() != (0.0,):
                connection.execute(audit_queries.stamp)
        entry = world.done("GET", f"{INCIDENTS}/{incident}/timeline?own=true", "operations-lead")["items"][0]
        return send("POST", f"{INCIDENTS}/{incident}/timeline/{entry['position']}/{what}", "operations-lead", body)

    return change


def _page_incident(world: World, send: Send) -> httpx.Response:
    body = {"policyId": world.escalation_policy(), "reason": "the database"}
    return send("POST", f"{INCIDENTS}/{world.incident()['incidentId']}/page", "operations-lead", body)


def _change_matrix(world: World, send: Send) -> httpx.Response:
    matrix = world.done("GET", f"{INCIDENTS}/matrix", "operations-lead")
    levels = [level | {"updateMinutes": 5} for level in matrix["levels"]]
    body = {"levels": levels, "reason": "sooner"}
    return send("PUT", f"{INCIDENTS}/matrix", "operations-lead", body, If_Match=matrix["version"])


def _change_incident_rule(world: World, send: Send) -> httpx.Response:
    made = world.done("POST", f"{INCIDENTS}/rules", "operations-lead", INCIDENT_RULE)["ruleId"]
    body = INCIDENT_RULE | {"minutes": 20}
    return send("PUT", f"{INCIDENTS}/rules/{made}", "operations-lead", body, If_Match=1)


def _action_item(world: World) -> dict[str, Any]:
    path = f"{INCIDENTS}/{world.incident()['incidentId']}/actions"
    return dict(world.done("POST", path, "operations-lead", ACTION_ITEM))


def _review(state: str, what: str, by: str, body: Any, action: str, method: str = "POST") -> Case:
    def change(world: World, send: Send) -> httpx.Response:
        path, version = world.incident_review(state)
        return send(method, f"{path}{what}", by, body, If_Match=version)

    return Case(change, f"incidents.review.{action}", "incident_review", "before after")


def _ingest(kind: str, row: dict[str, Any]) -> Case:
    return Case(
        lambda _, send: send("POST", f"/api/ingest/{kind}", "pipeline", {"rows": [row]}),
        f"shop.{kind}.ingested",
        "ingest_batch",
        "after",
    )


def _runbook(world: World, slug: str) -> str:
    made = world.done("POST", RUNBOOKS, "operations-lead", DRAFT | {"slug": slug})
    return f"{RUNBOOKS}/{made['id']}"


def _run(world: World, slug: str) -> str:
    path = f"{_runbook(world, slug)}/runs"
    return f"{path}/{world.done('POST', path, 'incident-responder', {})['id']}"


AT = "2026-11-24T10:00:00Z"
INCIDENT_RULE = {"title": "Burning", "kind": "lasting", "minutes": 10, "severity": "SEV3"}
ACTION_ITEM = {"title": "A canary", "owner": "viewer", "dueOn": "2027-01-01"}
ONE_INCIDENT = f"{INCIDENTS}/{{incident_id}}"

CASES: dict[tuple[str, str], Case] = {
    **oncall_cases(Case),
    **privacy_cases(Case),
    **tax_cases(Case),
    ("POST", SESSION): Case(
        lambda w, send: send("POST", SESSION, None, {"account": w.person(), "password": PASSWORD}),
        "session.signed_in",
        "account",
    ),
    ("POST", f"{SESSION}/refresh"): Case(
        lambda w, send: send("POST", f"{SESSION}/refresh", None, {"refreshToken": w.tokens()["refreshToken"]}),
        "session.refreshed",
        "session",
    ),
    ("DELETE", SESSION): Case(_sign_out, "session.ended", "session", reason="signed out"),
    ("POST", f"{SESSION}/step-up"): Case(_step_up, "session.second_factor_used", "account"),
    ("POST", f"{SESSION}/second-factor"): Case(
        lambda w, send: send("POST", f"{SESSION}/second-factor", w.tokens()["accessToken"], {"password": PASSWORD}),
        "session.second_factor_begun",
        "account",
    ),
    ("POST", f"{SESSION}/second-factor/confirm"): Case(_confirm, "session.second_factor_set_up", "account"),
    ("POST", f"{SESSION}/second-factor/recovery-codes"): Case(
        lambda w, send: send("POST", f"{SESSION}/second-factor/recovery-codes", w.stepped_up()[0]),
        "session.recovery_codes_renewed",
        "account",
    ),
    ("DELETE", f"{SESSION}/second-factor"): Case(
        lambda w, send: send("DELETE", f"{SESSION}/second-factor", w.stepped_up()[0]),
        "session.second_factor_removed",
        "account",
    ),
    ("POST", f"{RBAC}/roles"): Case(
        lambda _, send: send(
            "POST", f"{RBAC}/roles", "administrator", {"roleId": "day-watch", "name": "Day watch", "permissions": []}
        ),
        "rbac.role.created",
        "role",
        "after",
    ),
    ("PATCH", f"{RBAC}/roles/{{role_id}}"): Case(_change_role, "rbac.role.changed", "role", "before after", "clearer"),
    ("POST", f"{RBAC}/assign"): Case(
        lambda w, send: send(
            "POST", f"{RBAC}/assign", "administrator", {"userId": w.person(), "roleId": "viewer", "reason": "new"}
        ),
        "rbac.role.assigned",
        "role_assignment",
        "after",
        "new",
    ),
    ("POST", f"{RBAC}/revoke"): Case(_revoke, "rbac.role.revoked", "role_assignment", "before after", "left"),
    ("POST", f"{RBAC}/break-glass"): Case(
        lambda w, send: send(
            "POST",
            f"{RBAC}/break-glass",
            "administrator",
            {"userId": w.person(), "roleId": "administrator", "reason": "fire", "minutes": 5},
        ),
        "approvals.asked",
        "approval",
        "after",
        "fire",
    ),
    ("POST", f"{RBAC}/reviews/{{review_id}}/close"): Case(
        lambda w, send: send(
            "POST", f"{RBAC}/reviews/{w.review()}/close", "compliance-officer", {"findings": "fine"}, If_Match=1
        ),
        "rbac.review.closed",
        "access_review",
        "before after",
        "fine",
    ),
    ("POST", f"{RBAC}/approvals/{{approval_id}}/decision"): Case(
        lambda w, send: send(
            "POST",
            f"{RBAC}/approvals/{w.asked()}/decision",
            "compliance-officer",
            {"decision": "deny", "reason": "not needed"},
            If_Match=1,
        ),
        "approvals.denied",
        "approval",
        "before after",
        "not needed",
    ),
    ("POST", f"{RBAC}/approvals/{{approval_id}}/withdraw"): Case(
        lambda w, send: send(
            "POST", f"{RBAC}/approvals/{w.asked()}/withdraw", "administrator", {"reason": "a mistake"}, If_Match=1
        ),
        "approvals.withdrawn",
        "approval",
        "before after",
        "a mistake",
    ),
    ("POST", f"{RBAC}/people/{{user_id}}/second-factor/remove"): Case(
        _remove_of_somebody, "session.second_factor_removed", "account", reason="lost"
    ),
    ("POST", f"{OPERATIONS}/alerts/{{alert_id}}/acknowledge"): Case(
        lambda w, send: send(
            "POST", f"{OPERATIONS}/alerts/{w.alert()}/acknowledge", "operations-lead", {"comment": "seen"}, If_Match=1
        ),
        "alerts.alert.acknowledged",
        "alert",
        "before after",
        "seen",
    ),
    ("POST", f"{OPERATIONS}/alerts/{{alert_id}}/shelve"): Case(
        lambda w, send: send(
            "POST", f"{OPERATIONS}/alerts/{w.alert()}/shelve", "operations-lead", _shelf(), If_Match=1
        ),
        "alerts.alert.shelved",
        "alert",
        "before after",
        "known",
    ),
    ("POST", f"{OPERATIONS}/alerts/{{alert_id}}/unshelve"): Case(
        _unshelve, "alerts.alert.unshelved", "alert", "before after"
    ),
    ("POST", f"{OPERATIONS}/alert-rules"): Case(
        lambda _, send: send("POST", f"{OPERATIONS}/alert-rules", "operations-lead", RULE),
        "alerts.rule.created",
        "alert_rule",
        "after",
    ),
    ("PATCH", f"{OPERATIONS}/alert-rules/{{rule_id}}"): Case(
        _change_rule, "alerts.rule.changed", "alert_rule", "before after"
    ),
    ("POST", f"{OPERATIONS}/audit/export"): Case(_export, "audit.log.exported", "audit_log", "after", "asked"),
    ("POST", CHECK): Case(
        lambda _, send: send("POST", CHECK, "storefront", order("checked")),
        "risk.decision.made",
        "risk_decision",
        "after",
    ),
    ("POST", f"{RISK}/lists"): Case(
        lambda _, send: send("POST", f"{RISK}/lists", "risk-manager", LIST | {"listId": "made"}),
        "risk.list.created",
        "risk_list",
        "after",
    ),
    ("DELETE", f"{RISK}/lists/{{list_id}}"): Case(
        lambda w, send: send("DELETE", f"{RISK}/lists/{w.risk_list()}", "risk-manager", If_Match=1),
        "risk.list.deleted",
        "risk_list",
        "before",
    ),
    ("POST", f"{RISK}/lists/{{list_id}}/entries"): Case(
        lambda w, send: send(
            "POST", f"{RISK}/lists/{w.risk_list()}/entries", "risk-manager", {"value": "d", "reason": "stolen"}
        ),
        "risk.list_entry.added",
        "risk_list_entry",
        "after",
        "stolen",
    ),
    ("DELETE", f"{RISK}/lists/{{list_id}}/entries/{{entry_id}}"): Case(
        _remove_list_entry, "risk.list_entry.removed", "risk_list_entry", "before"
    ),
    ("POST", f"{RISK}/snoozes"): Case(
        lambda w, send: send("POST", f"{RISK}/snoozes", "support-lead", w.snooze_draft()),
        "risk.snooze.created",
        "risk_snooze",
        "after",
        "known",
    ),
    ("POST", f"{RISK}/snoozes/{{snooze_id}}/end"): Case(
        _end_snooze, "risk.snooze.ended", "risk_snooze", "before after", "moved away"
    ),
    ("POST", f"{RISK}/breakers/{{rule_id}}/reset"): Case(
        _reset_breaker, "risk.breaker.reset", "risk_breaker", "before after", "mended"
    ),
    ("PATCH", f"{RISK}/policy"): Case(
        lambda _, send: send(
            "PATCH", f"{RISK}/policy", "risk-manager", {"reviewHours": 12, "reason": "faster"}, If_Match=1
        ),
        "risk.policy.changed",
        "risk_policy",
        "before after",
        "faster",
    ),
    ("POST", f"{QUEUE}/take-next"): Case(_take_next, "risk.entry.claimed", "risk_entry", "before after"),
    ("POST", f"{QUEUE}/bulk"): Case(_bulk, "risk.entry.decided", "risk_entry", "before after", "stolen"),
    ("POST", f"{QUEUE}/{{entry_id}}/claim"): _queue("claim", "claimed"),
    ("POST", f"{QUEUE}/{{entry_id}}/release"): Case(_release, "risk.entry.released", "risk_entry", "before after"),
    ("POST", f"{QUEUE}/{{entry_id}}/reassign"): _queue("reassign", "reassigned", {"userId": "support-lead"}),
    ("POST", f"{QUEUE}/{{entry_id}}/snooze"): _queue(
        "snooze", "snoozed", {"until": _shelf()["until"], "notes": "later"}, "later"
    ),
    ("POST", f"{QUEUE}/{{entry_id}}/notes"): _queue("notes", "noted", {"text": "asked"}, keeps="after"),
    ("POST", f"{QUEUE}/{{entry_id}}/decision"): _queue(
        "decision", "decided", {"status": "reviewed", "verdict": "approved", "notes": "known"}, "known"
    ),
    ("POST", f"{QUEUE}/{{entry_id}}/reopen"): Case(_reopen, "risk.entry.reopened", "risk_entry", "before after"),
    ("POST", CONNECTIONS): Case(
        lambda _, send: send("POST", CONNECTIONS, "administrator", HOOK),
        "deliveries.connection.created",
        "connection",
        "after",
    ),
    ("PATCH", f"{CONNECTIONS}/{{connection_id}}"): _connection("PATCH", "", "changed", {"rate": 2}, If_Match=2),
    ("PUT", f"{CONNECTIONS}/{{connection_id}}/secret"): _connection(
        "PUT", "/secret", "secret_set", {"value": "another-secret"}, "after", If_Match=2
    ),
    ("DELETE", f"{CONNECTIONS}/{{connection_id}}/secret"): _connection(
        "DELETE", "/secret", "secret_removed", If_Match=2
    ),
    ("DELETE", f"{CONNECTIONS}/{{connection_id}}"): _connection("DELETE", "", "removed", If_Match=2),
    ("POST", f"{CONNECTIONS}/{{connection_id}}/pause"): _connection(
        "POST", "/pause", "paused", {"reason": "moves"}, reason="moves"
    ),
    ("POST", f"{CONNECTIONS}/{{connection_id}}/resume"): Case(
        _resume, "deliveries.connection.resumed", "connection", "before after"
    ),
    ("POST", f"{CONNECTIONS}/{{connection_id}}/test"): Case(
        _test, "deliveries.connection.tested", "connection", "after"
    ),
    ("POST", f"{DELIVERIES}/letters/replay"): _letters("replay", {}),
    ("POST", f"{DELIVERIES}/letters/discard"): _letters("discard", {"reason": "done by hand"}, "done by hand"),
    ("POST", f"{DELIVERIES}/letters/{{letter_id}}/resolve"): Case(
        lambda w, send: send(
            "POST",
            f"{DELIVERIES}/letters/{w.dead_letter('uncertain')}/resolve",
            "operations-lead",
            {"resolution": "done", "reason": "the shop says so"},
        ),
        "deliveries.command.done",
        "shop_command",
        reason="the shop says so",
    ),
    ("PUT", f"{DELIVERIES}/routes"): Case(
        _change_routes, "deliveries.route_map.changed", "route_map", "before after", "new desk"
    ),
    ("PATCH", f"{DELIVERIES}/templates/{{name}}"): Case(
        lambda _, send: send(
            "PATCH",
            f"{DELIVERIES}/templates/alert.raised",
            "administrator",
            {"subject": "{title}!", "text": "{guidance}"},
            If_Match=1,
        ),
        "deliveries.template.changed",
        "template",
        "before after",
    ),
    ("POST", f"{DELIVERIES}/contacts"): Case(
        lambda w, send: w.contact() and send("POST", f"{DELIVERIES}/contacts", "viewer", {"address": "v@shop.example"}),
        "deliveries.contact.added",
        "contact_method",
    ),
    ("POST", f"{DELIVERIES}/contacts/{{contact_id}}/verify"): Case(
        lambda w, send: send(
            "POST",
            f"{DELIVERIES}/contacts/{w.contact(code='123456')}/verify",
            "operations-lead",
            {"code": "123456"},
        ),
        "deliveries.contact.verified",
        "contact_method",
    ),
    ("DELETE", f"{DELIVERIES}/contacts/{{contact_id}}"): Case(
        lambda w, send: send("DELETE", f"{DELIVERIES}/contacts/{w.contact()}", "operations-lead"),
        "deliveries.contact.removed",
        "contact_method",
    ),
    ("POST", "/api/risk/intents/{intent_id}/retry"): Case(
        lambda w, send: send("POST", f"/api/risk/intents/{w.failed_fulfilment()}/retry", "risk-analyst"),
        "risk.intent.retried",
        "risk_entry",
        "before after",
    ),
    ("POST", f"{RISK}/rule-sets"): Case(
        lambda _, send: send("POST", f"{RISK}/rule-sets", "risk-manager", {"title": "Stricter"}),
        "risk.rule_set.created",
        "risk_rule_set",
        "after",
    ),
    ("PATCH", f"{RISK}/rule-sets/{{rule_set_id}}"): Case(
        lambda w, send: send("PATCH", _rule_set(w), "risk-manager", {"title": "Milder"}, If_Match=1),
        "risk.rule_set.changed",
        "risk_rule_set",
        "before after",
    ),
    ("POST", f"{RISK}/rule-sets/{{rule_set_id}}/discard"): Case(
        lambda w, send: send("POST", f"{_rule_set(w)}/discard", "risk-manager", If_Match=1),
        "risk.rule_set.discarded",
        "risk_rule_set",
        "before after",
    ),
    ("POST", f"{RISK}/rule-sets/{{rule_set_id}}/publish"): Case(
        _publish, "risk.rule_set.published", "risk_rule_set", "before after", "an attack"
    ),
    ("POST", f"{RISK}/rule-sets/{{rule_set_id}}/shadow"): Case(
        lambda w, send: send("POST", f"{_rule_set(w)}/shadow", "risk-manager", {"on": True}, If_Match=1),
        "risk.rule_set.shadow_begun",
        "risk_rule_set",
        "before after",
    ),
    ("POST", f"{RISK}/backtests"): Case(
        lambda _, send: send("POST", f"{RISK}/backtests", "risk-manager", {"rules": [], "days": 7}),
        "risk.backtest.asked",
        "risk_backtest",
        "after",
    ),
    ("POST", f"{RISK}/backtests/{{backtest_id}}/cancel"): Case(
        _cancel_backtest, "risk.backtest.cancelled", "risk_backtest", "after"
    ),
    ("POST", f"{RISK}/reports"): Case(
        lambda _, send: send("POST", f"{RISK}/reports", "operations-lead", {"month": "2026-10"}),
        "risk.report.generated",
        "risk_report",
        "after",
    ),
    ("POST", INCIDENTS): Case(
        lambda _, send: send("POST", INCIDENTS, "operations-lead", {"severity": "SEV3", "description": "Failing"}),
        "incidents.incident.opened",
        "incident",
        "after",
    ),
    ("POST", f"{INCIDENTS}/from-alert"): Case(_from_alert, "incidents.incident.opened", "incident", "after"),
    ("PUT", f"{INCIDENTS}/matrix"): Case(
        _change_matrix, "incidents.matrix.changed", "severity_matrix", "before after", "sooner"
    ),
    ("POST", f"{INCIDENTS}/rules"): Case(
        lambda _, send: send("POST", f"{INCIDENTS}/rules", "operations-lead", INCIDENT_RULE),
        "incidents.rule.created",
        "incident_rule",
        "after",
    ),
    ("PUT", f"{INCIDENTS}/rules/{{rule_id}}"): Case(
        _change_incident_rule, "incidents.rule.changed", "incident_rule", "before after"
    ),
    ("POST", f"{ONE_INCIDENT}/update"): _incident(
        "/update", {"status": "mitigated", "notes": "moved"}, "incident.mitigated", "before after", reason="moved"
    ),
    ("PATCH", ONE_INCIDENT): _incident("", {"title": "T"}, "incident.changed", "before after", method="PATCH"),
    ("POST", f"{ONE_INCIDENT}/times"): _incident(
        "/times", {"startedAt": AT, "reason": "logs"}, "incident.times_changed", "before after", reason="logs"
    ),
    ("POST", f"{ONE_INCIDENT}/roles"): _incident(
        "/roles", {"role": "scribe", "userId": "viewer"}, "role.given", "before after"
    ),
    ("POST", f"{ONE_INCIDENT}/participants"): _incident(
        "/participants", {"userId": "viewer", "reason": "helps"}, "participant.joined", "after", reason="helps"
    ),
    ("DELETE", f"{ONE_INCIDENT}/participants/{{user_id}}"): Case(
        _leave_incident, "incidents.participant.left", "incident", "after", "asleep"
    ),
    ("POST", f"{ONE_INCIDENT}/page"): Case(_page_incident, "incidents.page.asked", "incident", "after", "the database"),
    ("POST", f"{ONE_INCIDENT}/merge"): Case(
        _merge_incidents, "incidents.incident.merged", "incident", "before after", "one cause"
    ),
    ("POST", f"{ONE_INCIDENT}/alerts"): Case(_attach, "incidents.alert.attached", "incident", "after"),
    ("DELETE", f"{ONE_INCIDENT}/alerts/{{alert_id}}"): Case(_detach, "incidents.alert.detached", "incident", "after"),
    ("POST", f"{ONE_INCIDENT}/notes"): _incident("/notes", {"text": "t"}, "note.written", "after"),
    ("POST", f"{ONE_INCIDENT}/timeline/{{position}}/pin"): Case(
        _entry("pin", {"pinned": True}), "incidents.entry.pinned", "incident", "after"
    ),
    ("POST", f"{ONE_INCIDENT}/timeline/{{position}}/correct"): Case(
        _entry("correct", {"text": "right"}), "incidents.entry.corrected", "incident", "after"
    ),
    ("POST", f"{ONE_INCIDENT}/updates"): _incident(
        "/updates", {"phase": "identified", "text": "t", "connections": []}, "update.posted", "after"
    ),
    ("POST", f"{ONE_INCIDENT}/review"): Case(
        lambda w, send: send(
            "POST", f"{INCIDENTS}/{w.incident(status='resolved')['incidentId']}/review", "operations-lead"
        ),
        "incidents.review.begun",
        "incident_review",
        "after",
    ),
    ("PATCH", f"{ONE_INCIDENT}/review"): _review(
        "begun", "", "operations-lead", {"impact": "many"}, "changed", "PATCH"
    ),
    ("POST", f"{ONE_INCIDENT}/review/submit"): _review("written", "/submit", "operations-lead", None, "submitted"),
    ("POST", f"{ONE_INCIDENT}/review/decision"): _review(
        "submitted", "/decision", "incident-responder", {"approve": True}, "approved"
    ),
    ("POST", f"{ONE_INCIDENT}/review/publish"): _review("approved", "/publish", "operations-lead", None, "published"),
    ("POST", f"{ONE_INCIDENT}/actions"): Case(
        lambda w, send: send(
            "POST", f"{INCIDENTS}/{w.incident()['incidentId']}/actions", "operations-lead", ACTION_ITEM
        ),
        "incidents.action.added",
        "incident_review",
        "after",
    ),
    ("PATCH", f"{INCIDENTS}/actions/{{action_id}}"): Case(
        lambda w, send: send(
            "PATCH", f"{INCIDENTS}/actions/{_action_item(w)['actionId']}", "operations-lead", {"done": True}, If_Match=1
        ),
        "incidents.action.done",
        "incident_review",
        "before after",
    ),
    ("POST", "/api/ingest/deploys"): _ingest(
        "deploys", {"id": "dep", "service": "checkout", "version": "1", "deployedAt": AT}
    ),
    ("POST", "/api/ingest/orders"): _ingest("orders", {"id": "o", "placedAt": AT, "currency": "EUR", "total": 5}),
    ("POST", "/api/ingest/refunds"): _ingest("refunds", {"id": "r", "refundedAt": AT, "currency": "EUR", "amount": 5}),
    ("POST", "/api/ingest/downloads"): _ingest(
        "downloads", {"id": "d", "downloadedAt": AT, "product": "p", "succeeded": True}
    ),
    ("POST", "/api/ingest/community"): _ingest(
        "community", {"id": "c", "metric": "discord", "observedAt": AT, "value": 5}
    ),
    ("POST", "/api/ingest/outcomes"): _ingest(
        "outcomes",
        {"id": "f", "orderId": "o", "kind": "chargeback", "happenedAt": AT, "currency": "EUR", "amount": 5},
    ),
    ("POST", RUNBOOKS): Case(
        lambda _, send: send("POST", RUNBOOKS, "operations-lead", DRAFT), "runbooks.runbook.created", "runbook", "after"
    ),
    ("PATCH", f"{RUNBOOKS}/{{runbook_id}}"): Case(
        lambda w, send: send(
            "PATCH", _runbook(w, "changed"), "operations-lead", {"title": "New", "reason": "clearer"}, If_Match=1
        ),
        "runbooks.runbook.changed",
        "runbook",
        "before after",
        "clearer",
    ),
    ("POST", f"{RUNBOOKS}/{{runbook_id}}/runs"): Case(
        lambda w, send: send("POST", f"{_runbook(w, 'begun')}/runs", "incident-responder", {"incidentId": "INC-1"}),
        "runbooks.run.started",
        "incident",
        "after",
    ),
    ("POST", f"{RUNBOOKS}/{{runbook_id}}/runs/{{run_id}}/steps/{{step}}"): Case(
        lambda w, send: send("POST", f"{_run(w, 'ticked')}/steps/1", "incident-responder", {"note": "seen"}),
        "runbooks.step.done",
        "runbook_run",
        "after",
        "seen",
    ),
    ("POST", f"{RUNBOOKS}/{{runbook_id}}/runs/{{run_id}}/end"): Case(
        lambda w, send: send("POST", f"{_run(w, 'ended')}/end", "incident-responder", {}),
        "runbooks.run.ended",
        "runbook_run",
        "after",
    ),
    ("POST", "/api/ingest/rates"): _ingest("rates", {"currency": "USD", "day": "2026-11-24", "rate": "0.9"}),
}
CASES |= {route: Case(*made) for route, made in (AUDITED | ANALYTICS_AUDITED).items()}

SYSTEMS = {("POST", "/api/hooks/{connection}")}
"""What outside systems send, who are no actors of ours: see the tests of hooks."""
ASKING = {
    ("POST", f"{QUEUE}/bulk/preview"),
    ("POST", f"{RISK}/rules/match"),
    ("POST", f"{DELIVERIES}/templates/preview"),
    ("POST", f"{RUNBOOKS}/check"),
    ("POST", f"{ONE_INCIDENT}/updates/preview"),
    *ANALYTICS_ASKING,
    *PRIVACY_ASKING,
}
"""Routes that only tell what another one would do, or answer questions too long for an address."""


def test_every_route_that_writes_has_a_case(settings: Settings) -> None:
    app = create_app(settings, Database(settings.database_url or ""))
    assert {(method, path) for method, path, _ in guards(app) if method in WRITING} - ASKING - SYSTEMS == set(CASES)


def _entries(api: Api, request: str) -> list[dict[str, Any]]:
    with psycopg.connect(api.owner_url, row_factory=dict_row) as connection:
        return connection.execute("select * from audit_log where request_id = %s order by seq", (request,)).fetchall()


def _wrong(case: Case, entries: list[dict[str, Any]]) -> str:
    """What the entry of a case lacks; empty when it is as it must be."""
    found = next((entry for entry in entries if entry["action"] == case.action), None)
    if found is None:
        return f"no entry {case.action}, only {[entry['action'] for entry in entries]}"
    lacks = [name for name in ("actor", "actor_label", "resource_id", *case.keeps.split()) if not found[name]]
    for name, wanted in (("resource_type", case.resource_type), ("reason", case.reason)):
        if found[name] != wanted:
            lacks.append(f"{name}: {found[name]} instead of {wanted}")
    if found["before"] is not None and found["before"] == found["after"]:
        lacks.append("before and after are the same")
    return ", ".join(lacks)


def test_each_request_that_changes_something_is_in_the_log(api: Api) -> None:
    world = World(api)
    wrong = []
    for number, ((method, path), case) in enumerate(CASES.items()):
        ids = {"X_Request_Id": f"request-{number}", "X_Correlation_Id": f"correlation-{number}"}
        senders: list[str | None] = []

        def send(*arguments: Any, _ids: dict[str, str] = ids, **headers: Any) -> httpx.Response:
            senders.append(arguments[2] if len(arguments) > 2 else None)  # noqa: B023 - used within the turn
            return world.send(*arguments, **headers, **_ids)

        answer = case.send(world, send)
        entries = _entries(api, f"request-{number}")
        words = _wrong(case, entries) if answer.is_success else f"{answer.status_code} {answer.text}"
        if {entry["correlation_id"] for entry in entries} - {f"correlation-{number}"}:
            words += " another correlation"
        who = senders[0] if senders[0] and "." not in senders[0] else f"p{world.people}"
        if who not in {entry["actor"] for entry in entries}:
            words += f" not by {who}"
        if words:
            wrong.append(f"{method} {path}: {words}")
    assert wrong == []


def test_what_is_done_already_is_answered_without_an_entry(api: Api) -> None:
    world = World(api)
    alert = f"{OPERATIONS}/alerts/{world.alert()}"
    approval = f"{RBAC}/approvals/{world.asked()}"
    denied = f"{RBAC}/approvals/{world.asked()}/decision"
    wish = {"userId": world.person(), "roleId": "administrator", "reason": "cover"}
    granted = wish | {"roleId": "viewer"}
    tokens = world.tokens()
    leaving = ("DELETE", SESSION, tokens["accessToken"], {"refreshToken": tokens["refreshToken"]})
    no = {"decision": "deny", "reason": "no"}
    rule = world.rule["id"]
    twice: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        (("POST", f"{alert}/acknowledge", "operations-lead", {"comment": "seen"}), {"If_Match": 1}),
        (("POST", f"{approval}/withdraw", "administrator", {}), {"If_Match": 1}),
        (("POST", denied, "compliance-officer", no), {"If_Match": 1}),
        (("POST", f"{RBAC}/assign", "administrator", wish), {}),
        (("POST", f"{RBAC}/assign", "administrator", granted), {}),
        (leaving, {}),
    ]
    once: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        (("POST", f"{alert}/unshelve", "operations-lead"), {"If_Match": 1}),
        (("PATCH", f"{OPERATIONS}/alert-rules/{rule}", "operations-lead", {"title": RULE["title"]}), {"If_Match": 1}),
        (("PATCH", f"{RBAC}/roles/viewer", "administrator", {"name": "Viewer"}), {"If_Match": 1}),
        (("DELETE", SESSION, "viewer", {"refreshToken": "none of ours"}), {}),
    ]
    for arguments, headers in twice:
        assert world.send(*arguments, **headers).is_success, arguments
    for arguments, headers in twice + once:
        answer = world.send(*arguments, **headers, X_Request_Id="again")
        assert answer.is_success, (arguments, answer.text)
    assert _entries(api, "again") == []


forgetful = operations_router("/forgetful", "trial")


@forgetful.post("/things", status_code=201)
async def _forget(tx: Tx, _principal: Annotated[Principal, require(None)]) -> None:
    """Change something and tell nobody."""
    await tx.execute(
        "insert into idempotency (principal, method, path, key, fingerprint, status, headers, body)"
        " values ('x', 'x', 'x', 'x', '', 200, '{}', '')"
    )


@forgetful.post("/threads")
def _in_a_thread(_principal: Annotated[Principal, require(None)]) -> None:
    """Tell it from another thread."""
    audit_trail.nothing_changed()


@forgetful.post("/tasks")
async def _in_a_task(tx: Tx, principal: Annotated[Principal, require(None)]) -> int:
    """Tell it from another task."""
    return await asyncio.create_task(
        audit_trail.record(tx, actor=principal.user_id, action="trial.done", resource_type="trial", resource_id="1")
    )


@pytest.mark.expects_errors("request failed")
def test_a_route_that_forgets_the_log_fails_and_changes_nothing(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    base, stop = serve_in_thread(api.settings, forgetful)
    try:
        statuses = {
            path: httpx.post(f"{base}/forgetful/{path}", headers=api.headers(), timeout=10).status_code
            for path in ("things", "threads", "tasks")
        }
    finally:
        stop()
    assert statuses == {"things": 500, "threads": 200, "tasks": 200}
    assert "POST /forgetful/things told the audit log nothing" in caplog.text
    with psycopg.connect(api.owner_url) as connection:
        assert connection.execute("select count(*) from idempotency").fetchone() == (0,)


def test_an_answer_given_again_needs_no_entry_of_its_own(api: Api) -> None:
    world = World(api)
    first, again = (
        world.send("POST", f"{OPERATIONS}/alert-rules", "operations-lead", RULE, Idempotency_Key="k", X_Request_Id=name)
        for name in ("first", "again")
    )
    assert (first.status_code, again.status_code, again.headers["idempotent-replay"]) == (201, 201, "true")
    assert [len(_entries(api, name)) for name in ("first", "again")] == [1, 0]
