"""Signatures by Standard Webhooks: the standard's own package verifies ours, and we verify its."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from backend.deliveries import HookError, Secrets, signed_headers, verify

OLD, NEW = "whsec_b2xkLWtleS1vZi1hLXRlc3QtMTIzNA==", "whsec_bmV3LWtleS1vZi1hLXRlc3QtMTIzNA=="
BODY = '{"type":"risk.entry.decided","text":"größer"}'


def test_the_package_verifies_ours_with_either_key_during_a_rotation() -> None:
    headers = signed_headers(Secrets(NEW, (OLD,)), "msg_1", datetime.now(UTC), BODY.encode())
    assert len(headers["webhook-signature"].split()) == 2
    for key in (OLD, NEW):
        Webhook(key).verify(BODY, headers)


def test_we_verify_what_the_package_signs() -> None:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(OLD).sign("msg_2", now, BODY),
    }
    assert verify(Secrets(NEW, (OLD,)), headers, BODY.encode(), now) == "msg_2"
    with pytest.raises(HookError, match="no signature"):
        verify(Secrets(NEW), headers, BODY.encode(), now)
    with pytest.raises(HookError, match="no signature"):
        verify(Secrets(OLD), headers, b"other", now)
    for late in (timedelta(seconds=301), timedelta(seconds=-302)):
        with pytest.raises(HookError, match="five minutes"):
            verify(Secrets(OLD), headers, BODY.encode(), now + late)


@pytest.mark.parametrize("given", ["", "v1", "v1,", "v1,!!!", "v2,abc", "ünïcode", "v1,a v1,b" * 100])
def test_nonsense_is_no_signature(given: str) -> None:
    now = datetime.now(UTC)
    headers = {"webhook-id": "x", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": given}
    with pytest.raises(HookError):
        verify(Secrets(OLD), headers, b"{}", now)
    with pytest.raises(HookError, match="missing"):
        verify(Secrets(OLD), {}, b"{}", now)
    with pytest.raises(HookError, match="no number"):
        verify(Secrets(OLD), headers | {"webhook-timestamp": "soon"}, b"{}", now)
