"""What comes in is believed only when it is signed, and known again when it comes twice."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from backend.deliveries import HookContentError, HookError, HookMessage, NoticeAction, Secrets, signed_headers
from backend.deliveries.connections.state import HOOKED
from backend.integrations.hooks import HOOKS
from models.deliveries.connections import ConnectionKind
from tests.backend.integrations.fixtures import AT

SIGNING, OLD = "8f742231b10e8888abcd99yyyzzz85a5", "0ld42231b10e8888abcd99yyyzzz85a5"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def slack(
    body: bytes, content_type: str = JSON, *, secret: str = SIGNING, seconds: str = "", **headers: str
) -> dict[str, str]:
    at = seconds or str(int(AT.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body) or ""
    return {
        "content-type": content_type,
        "x-slack-request-timestamp": at,
        "x-slack-signature": signature,
        **headers,
    }


def pagerduty(body: bytes, *secrets: str) -> dict[str, str]:
    signatures = (hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets)
    return {"x-pagerduty-signature": ",".join(f"v1={each}" for each in signatures)}


def read(
    kind: ConnectionKind, headers: dict[str, str], body: bytes, current: str = SIGNING, previous: str = ""
) -> HookMessage:
    return HOOKS[kind].read(Secrets(current, (previous,)), headers, body, AT)


def pressed(action: str = "acknowledge") -> bytes:
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ada"},
        "trigger_id": "12.34.ab",
        "actions": [{"action_id": action, "value": "alert:7", "action_ts": "1732456958.123"}],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


SLACK, PAGERDUTY, WEBHOOK = ConnectionKind.SLACK, ConnectionKind.PAGERDUTY, ConnectionKind.WEBHOOK
EVENT = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}}).encode()
INCIDENT: dict[str, Any] = {
    "event": {
        "id": "01E",
        "event_type": "incident.acknowledged",
        "agent": {"summary": "Ada Lovelace", "type": "user_reference"},
        "data": {"id": "P1", "type": "incident", "incident_key": "alert:7"},
    }
}


@pytest.mark.parametrize("action", [NoticeAction.ACKNOWLEDGE, NoticeAction.CLAIM, NoticeAction.OPEN])
def test_a_button_says_who_did_what_about_which(action: NoticeAction) -> None:
    body = pressed(action)
    event = read(SLACK, slack(body, FORM), body)
    assert (event.data, event.by, event.type) == ({"thread": "alert:7", "action": action}, "ada", "block_actions")
    assert event.acknowledges == ("" if action is NoticeAction.OPEN else "alert:7")
    assert event.id == read(SLACK, slack(body, FORM), body).id
    assert event.id != read(SLACK, slack(pressed("else"), FORM), pressed("else")).id


def test_a_button_that_is_none_of_ours_does_nothing() -> None:
    event = read(SLACK, slack(pressed("approve_all"), FORM), pressed("approve_all"))
    assert (event.data["action"], event.acknowledges) == ("", "")


def test_slacks_events_have_their_id_and_its_challenge_its_answer() -> None:
    event = read(SLACK, slack(EVENT), EVENT)
    assert (event.id, event.type, event.answer) == ("Ev1", "app_mention", None)
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    assert read(SLACK, slack(body), body).answer == {"challenge": "3eZbrw1a"}


def test_slack_during_a_rotation() -> None:
    headers = slack(EVENT, secret=OLD)
    assert read(SLACK, headers, EVENT, previous=OLD).id == "Ev1"
    with pytest.raises(HookError):
        read(SLACK, headers, EVENT)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        slack(EVENT) | {"x-slack-signature": "v0=abc"},
        slack(EVENT) | {"x-slack-signature": ""},
        slack(EVENT) | {"x-slack-request-timestamp": "soon"},
        slack(EVENT, seconds=str(int((AT - timedelta(minutes=6)).timestamp()))),
        slack(EVENT, seconds=str(int((AT + timedelta(minutes=6)).timestamp()))),
        slack(EVENT + b" "),
    ],
    ids=["none", "short", "empty", "no time", "old", "early", "another body"],
)
def test_what_slack_has_not_signed_now_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(HookError, match="signature"):
        read(SLACK, headers, EVENT)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(HookError):
        read(SLACK, slack(EVENT), b"\xff\xfe")


def test_without_any_secret_nobody_is_believed() -> None:
    for kind, headers in (
        (SLACK, slack(EVENT)),
        (PAGERDUTY, {"x-pagerduty-signature": "v1=" + hmac.new(b"", EVENT, hashlib.sha256).hexdigest()}),
        (WEBHOOK, {}),
        (WEBHOOK, {"x-webhook-secret": ""}),
        (WEBHOOK, {"authorization": "Bearer "}),
    ):
        with pytest.raises(HookError):
            read(kind, headers, EVENT, current="")


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("incident.acknowledged", NoticeAction.ACKNOWLEDGE),
        ("incident.resolved", NoticeAction.RESOLVE),
        ("incident.triggered", None),
    ],
)
def test_acknowledgements_flow_back(name: str, action: NoticeAction | None) -> None:
    incident = {"event": {**INCIDENT["event"], "event_type": name}}
    body = json.dumps(incident).encode()
    event = read(PAGERDUTY, pagerduty(body, SIGNING), body)
    assert (event.id, event.by, event.data) == ("01E", "Ada Lovelace", {"thread": "alert:7", "action": action or ""})
    assert event.acknowledges == ("alert:7" if action is NoticeAction.ACKNOWLEDGE else "")


def test_every_signature_of_pagerduty_is_looked_at() -> None:
    body = json.dumps(INCIDENT).encode()
    for secrets in [("other", SIGNING), (SIGNING, "other"), ("a", "b", SIGNING)]:
        assert read(PAGERDUTY, pagerduty(body, *secrets), body).id == "01E"
    assert read(PAGERDUTY, pagerduty(body, OLD), body, previous=OLD).id == "01E"
    spaced = {"x-pagerduty-signature": pagerduty(body, "other", SIGNING)["x-pagerduty-signature"].replace(",", ", ")}
    assert read(PAGERDUTY, spaced, body).id == "01E"


@pytest.mark.parametrize("signature", ["", "v1=", "v1", "v2=abc", "v1=ünïcode", ","])
def test_what_pagerduty_has_not_signed_is_refused(signature: str) -> None:
    with pytest.raises(HookError, match="None of PagerDuty's signatures"):
        read(PAGERDUTY, {"x-pagerduty-signature": signature}, b"{}")


def test_other_systems_sign_by_the_standard_or_show_the_secret() -> None:
    body = json.dumps(
        {"type": "ticket.closed", "id": "t-1", "thread": "alert:7", "action": "resolve", "actor": "desk"}
    ).encode()
    signed = read(WEBHOOK, signed_headers(Secrets(SIGNING), "msg_1", AT, body), body, current=SIGNING)
    assert (signed.id, signed.by, signed.data) == ("msg_1", "desk", {"thread": "alert:7", "action": "resolve"})
    for headers in (
        {"x-webhook-secret": SIGNING},
        {"authorization": f"Bearer {SIGNING}"},
        {"authorization": f"bearer  {SIGNING}"},
    ):
        assert read(WEBHOOK, headers, body, current=SIGNING).id == "t-1"
        assert read(WEBHOOK, headers, body, current="new-secret", previous=SIGNING).id == "t-1"
    shown = {"x-webhook-secret": SIGNING, "idempotency-key": "k-1"}
    assert read(WEBHOOK, shown, body, current=SIGNING).id == "k-1"
    nameless = read(WEBHOOK, {"x-webhook-secret": SIGNING}, b"{}", current=SIGNING)
    assert nameless.id == hashlib.sha256(b"{}").hexdigest()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-webhook-secret": ""},
        {"x-webhook-secret": SIGNING[:-1]},
        {"x-webhook-secret": "ünïcode\udcff"},
        {"authorization": f"Basic {SIGNING}"},
        {"authorization": "Bearer"},
        # A signature that is there must be right: the header beside it does not mend it.
        {"x-webhook-secret": SIGNING, "webhook-signature": "v1,abc"},
    ],
)
def test_who_shows_no_secret_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(HookError):
        read(WEBHOOK, headers, b"{}", current=SIGNING)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_makes_no_sense_is_refused_after_its_signature(body: bytes) -> None:
    for kind, headers in (
        (PAGERDUTY, pagerduty(body, SIGNING)),
        (WEBHOOK, {"x-webhook-secret": SIGNING}),
    ):
        with pytest.raises(HookContentError, match="JSON"):
            read(kind, headers, body)


@pytest.mark.parametrize("payload", ["{}", '{"actions": []}', '{"actions": [7]}', '{"actions": 7, "user": 3}', "", "7"])
def test_a_press_of_nothing_is_refused(payload: str) -> None:
    body = urlencode({"payload": payload}).encode()
    with pytest.raises(HookContentError):
        read(SLACK, slack(body, FORM), body)


def test_refusals_name_no_secret() -> None:
    for kind in HOOKS:
        with pytest.raises(HookError) as refused:
            read(kind, slack(EVENT) | {"x-slack-signature": SIGNING}, EVENT)
        assert SIGNING not in str(refused.value)


def test_what_cannot_be_stored_is_not_handed_on() -> None:
    body = json.dumps({"type": "a\0b\ud800", "id": "x" * 9000, "thread": "t" * 9000, "actor": "\0"}).encode()
    event = read(WEBHOOK, {"x-webhook-secret": SIGNING}, body)
    assert (event.type, len(event.id), len(event.data["thread"])) == ("a�b?", 64, 300)
    assert "\0" not in repr(event)


def test_a_path_is_shown_for_the_kinds_that_are_listened_to() -> None:
    assert HOOKS.keys() == HOOKED
