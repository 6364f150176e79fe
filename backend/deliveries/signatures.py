"""Signatures by Standard Webhooks: https://www.standardwebhooks.com.

The HMAC-SHA256 of id, timestamp and body, in base64, as ``v1,…``; during rotations one by each valid key, by spaces.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from backend.deliveries.channel import HookError, Secrets

TOLERANCE: Final = 300.0
"""Seconds by which a timestamp may differ from our clock, either way."""
_PREFIX: Final = "whsec_"


def signed_headers(secrets: Secrets, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a request."""
    timestamp = str(int(at.timestamp()))
    signatures = [_signature(secret, message_id, timestamp, body) for secret in secrets.valid]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def verify(secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a genuine message. Raises HookError. ``headers`` have names in lower case."""
    try:
        message_id, timestamp, given = (headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError as missing:
        raise HookError(f"the header {missing.args[0]} is missing") from None
    check_age(timestamp, now)
    signatures = [part.removeprefix("v1,") for part in given.split() if part.startswith("v1,")]
    for secret in secrets.valid:
        wanted = _signature(secret, message_id, timestamp, body).encode()
        if any(hmac.compare_digest(wanted, signature.encode()) for signature in signatures):
            return message_id
    raise HookError("no signature is by a secret we know")


def check_age(timestamp: str, now: datetime) -> None:
    """Raises HookError for what is no number of seconds, or too far from now."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise HookError("the timestamp is no number of seconds")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE:
        raise HookError("the timestamp is more than five minutes from our clock")


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.new(_raw(secret), signed, hashlib.sha256).digest()).decode()


def _raw(secret: str) -> bytes:
    """The key: base64 behind its prefix, as the standard writes it, or else the text itself."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            return secret.encode()
    return secret.encode()
