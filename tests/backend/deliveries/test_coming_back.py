"""What people do where they read of it comes back: a claim in Slack assigns, PagerDuty's acknowledgements are ours."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from backend.alerts import raise_alert
from backend.core.settings import Settings
from backend.deliveries.connections import actions as connections
from backend.deliveries.hooks import actions as hooks
from backend.integrations.alarms import AlertAlarms
from models.alerts import Severity
from models.deliveries.connections import PagerDutySettings, SecretPurpose, SecretRequest, SlackSettings
from tests.backend.deliveries.fixtures import KEY, STORE, Post, post
from tests.backend.incidents.fixtures import RESPONDER, Response
from tests.conftest import Api

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK, PAGERDUTY = SlackSettings(channel="C0INCIDENT1"), PagerDutySettings()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, token_key="k" * 40, environment="Test", connection_key=KEY)


@pytest.fixture
def response(api: Api) -> Response:
    return Response(api)


def on(api: Api, act: Callable[[Post], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with post(api.settings.database_url or "", api.owner_url) as it:
            return await act(it)

    return asyncio.run(run())


async def connected(it: Post, settings: Any) -> UUID:
    key = await it.connect("", name="Room", settings=settings, subscriptions=())
    async with it.database.transaction() as tx:
        request = SecretRequest(value=SIGNING, purpose=SecretPurpose.RECEIVE)
        await connections.set_secret(tx, actor="test", connection_id=key, store=STORE, request=request)
    return key


async def worked(it: Post) -> str:
    """What became of what came in last."""
    for (hook_id,) in it.sql("select id from hook_delivery where worked_at is null"):
        async with it.database.transaction() as tx:
            await hooks.work(tx, AlertAlarms(), hook_id)
    [(words,)] = it.sql("select words from hook_delivery order by worked_at desc limit 1")
    return str(words)


def press(api: Api, connection_id: UUID, thread: str, action: str, by: str) -> str:
    """A button in Slack; what it came to."""
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": by},
        "actions": [{"action_id": action, "value": thread, "action_ts": str(time.time())}],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    at = str(int(time.time()))
    signature = SignatureVerifier(SIGNING).generate_signature(timestamp=at, body=body) or ""
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": at,
        "x-slack-signature": signature,
    }
    answer = httpx.post(f"{api.base_url}/api/hooks/{connection_id}", content=body, headers=headers, timeout=30)
    assert answer.status_code == 202, answer.text
    return str(on(api, worked))


def commander(incident: dict[str, Any]) -> str | None:
    return next((each["userId"] for each in incident["roles"] if each["role"] == "commander"), None)


def test_a_claim_in_slack_assigns_and_acknowledges(api: Api, response: Response) -> None:
    room = on(api, lambda it: connected(it, SLACK))
    response.sql(
        "insert into route (team, severity, connection_id, mode) values ('operations', 'P2', %s, 'at_once')", [room]
    )
    response.sql(
        "insert into contact_method (user_id, address, verified_at) values (%s, 'Mei.Kato@shop.example', now())",
        [RESPONDER],
    )
    made = response.open(by="operations-lead")
    thread = f"incident:{made['incidentId']}"
    assert press(api, room, thread, "claim", "mei.kato") == "claimed"
    now = response.get(made)
    assert (commander(now), now["status"]) == (RESPONDER, "acknowledged")
    [given] = response.audited("incidents.role.given")
    assert (given["actor"], given["reason"]) == ("mei.kato in Room", "Claimed by mei.kato in Room")
    told = response.sql("select template, actions, values ->> 'commander' from notice order by created_at, id")
    assert told[0] == ("incident.opened", ["acknowledge", "claim"], "nobody yet")
    assert told[-1][:2] == ("incident.changed", []), "nothing is left to press"
    assert told[-1][2] != "nobody yet"
    assert press(api, room, thread, "claim", RESPONDER) == "what it acknowledges is no open alert"
    assert len(response.audited("incidents.role.given")) == 1, "it is nobody's to take any more"


def test_whoever_nobody_knows_acknowledges_and_is_given_nothing(api: Api, response: Response) -> None:
    room = on(api, lambda it: connected(it, SLACK))
    made = response.open()
    for user_id in ("ada", "bob"):  # of two of that name it is neither
        response.sql(
            "insert into contact_method (user_id, address, verified_at) values (%s, %s, now())",
            [user_id, f"kim@{user_id}.example"],
        )
    assert press(api, room, f"incident:{made['incidentId']}", "claim", "kim") == "acknowledged"
    now = response.get(made)
    assert (commander(now), now["status"], now["acknowledgedBy"]) == (None, "acknowledged", "kim in Room")


def test_an_acknowledgement_in_pagerduty_is_that_of_the_alert(api: Api, response: Response) -> None:
    async def burn(it: Post) -> str:
        async with it.database.transaction() as tx:
            alert = await raise_alert(tx, source="test", key="k", title="Downloads fail", severity=Severity.P1)
        return alert.id

    pager = on(api, lambda it: connected(it, PAGERDUTY))
    alert_id = on(api, burn)
    event = {
        "id": "01E",
        "event_type": "incident.acknowledged",
        "agent": {"summary": "Ada Lovelace", "type": "user_reference"},
        "data": {"id": "P1", "type": "incident", "incident_key": f"alert:{alert_id}"},
    }
    body = json.dumps({"event": event}).encode()
    signature = "v1=" + hmac.new(SIGNING.encode(), body, hashlib.sha256).hexdigest()
    for _ in range(2):  # PagerDuty repeats what was not answered in time
        answer = httpx.post(
            f"{api.base_url}/api/hooks/{pager}",
            content=body,
            headers={"x-pagerduty-signature": f"v1=of-the-old-secret,{signature}"},
            timeout=30,
        )
        assert answer.status_code == 202, answer.text
    assert on(api, worked) == "acknowledged"
    assert response.sql("select state, acknowledged_by from alert where valid_to = 'infinity'") == [
        ("acknowledged", "Ada Lovelace in Room")
    ]
    assert len(response.audited("alerts.alert.acknowledged")) == 1
