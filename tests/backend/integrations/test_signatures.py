"""Our signatures and those of the standard's own package agree, and nothing malformed gets through or raises."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from backend.deliveries import HookError, MessageKind, Outcome, Secrets, signed_headers, verify
from models.deliveries.connections import ConnectionKind
from tests.backend.integrations.fixtures import AT, SECRETS, message, notice, tell
from tests.backend.integrations.stand_ins import Play, stand_in

OLD, NEW = ("whsec_" + base64.b64encode(key * 4).decode() for key in (b"old-key-", b"new-key-"))
BODY = '{"type":"order.refund","data":{"who":"Zoë"}}'.encode()


def test_the_standards_package_verifies_ours() -> None:
    headers = signed_headers(Secrets(NEW, OLD), "msg_1", datetime.now(UTC), BODY)
    for known in (NEW, OLD):
        assert Webhook(known).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY + b" ", headers)
    assert len(signed_headers(Secrets(NEW), "msg_1", AT, BODY)["webhook-signature"].split(" ")) == 1


def test_we_verify_those_of_the_standards_package() -> None:
    signature = Webhook(OLD).sign("msg_1", AT, BODY.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(AT.timestamp())), "webhook-signature": signature}
    assert verify(Secrets(NEW, OLD), headers, BODY, AT) == "msg_1"
    with pytest.raises(HookError, match="by a secret we know"):
        verify(Secrets(NEW), headers, BODY, AT)
    with pytest.raises(HookError, match="by a secret we know"):
        verify(Secrets(OLD), headers, BODY.replace(b"refund", b"cancel"), AT)
    headers["webhook-signature"] = f"v1a,{'A' * 43}= v1,{'A' * 43}= {signature}"
    assert verify(Secrets(OLD), headers, BODY, AT) == "msg_1"


@pytest.mark.parametrize("away", [timedelta(minutes=5, seconds=2), timedelta(minutes=-5, seconds=-2)])
def test_old_and_early_signatures_are_refused(away: timedelta) -> None:
    headers = signed_headers(Secrets(NEW), "msg_1", AT, BODY)
    assert verify(Secrets(NEW), headers, BODY, AT + away / 2) == "msg_1"
    with pytest.raises(HookError, match="five minutes"):
        verify(Secrets(NEW), headers, BODY, AT + away)


@pytest.mark.parametrize("seconds", ["", "soon", "-1", "1e3", "٣", "9" * 11, "9" * 5000, "NaN"])
def test_times_that_are_none_are_refused(seconds: str) -> None:
    headers = signed_headers(Secrets(NEW), "msg_1", AT, BODY) | {"webhook-timestamp": seconds}
    with pytest.raises(HookError):
        verify(Secrets(NEW), headers, BODY, AT)


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v1,***", "v1,ünïcode", "v2,abc", ",", " "])
def test_signatures_that_are_none_are_refused(signature: str) -> None:
    headers = signed_headers(Secrets(NEW), "msg_1", AT, BODY) | {"webhook-signature": signature}
    with pytest.raises(HookError, match="by a secret we know"):
        verify(Secrets(NEW), headers, BODY, AT)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_headers_are_named(missing: str) -> None:
    headers = signed_headers(Secrets(NEW), "msg_1", AT, BODY)
    del headers[missing]
    with pytest.raises(HookError, match=missing):
        verify(Secrets(NEW), headers, BODY, AT)


@pytest.mark.parametrize("secret", ["a plain secret of ours", "whsec_not base64", "whsec_äöü", "whsec_YWJjZA"])
def test_any_text_may_be_a_secret(secret: str) -> None:
    assert verify(Secrets(secret), signed_headers(Secrets(secret), "msg_1", AT, BODY), BODY, AT) == "msg_1"


async def test_a_webhook_is_signed_at_the_time_of_each_try_under_the_same_id() -> None:
    kind = ConnectionKind.WEBHOOK
    async with stand_in(kind, Play(500), Play(200)) as vendor:
        sent = notice()
        outcomes = [(await tell(vendor, kind, sent, previous=OLD)).result.outcome for _ in range(2)]
    assert outcomes == [Outcome.RETRY, Outcome.SENT]
    for heard in vendor.heard:
        for known in (SECRETS[kind], OLD):
            assert verify(Secrets(known), heard.headers, heard.body, datetime.now(UTC)) == sent.id
    assert vendor.heard[0].json == {
        "type": "alert.raised",
        "timestamp": "2026-11-24T14:02:37+00:00",
        "data": {
            "alertId": "7",
            "subject": "Downloads fail",
            "text": "41 % of downloads failed in the last ten minutes.\nLimit: 5 %",
            "severity": "P1",
            "team": "operations",
            "thread": "alert:7",
            "phase": "raised",
        },
    }


async def test_an_entry_goes_to_a_webhook_as_it_is() -> None:
    async with stand_in(ConnectionKind.WEBHOOK) as vendor:
        await tell(vendor, ConnectionKind.WEBHOOK, message(MessageKind.ENTRY, id="7", version=3))
    assert vendor.heard[0].json == {
        "type": "risk.entry.decided",
        "timestamp": "2026-11-24T14:02:37+00:00",
        "data": {"id": "7", "version": 3},
    }
