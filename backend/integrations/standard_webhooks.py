"""Signatures by Standard Webhooks (https://www.standardwebhooks.com), of what we send and of what we are sent.

A secret is text: ``whsec_`` and base64, as the standard writes it, or anything else, whose bytes are then the key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"


class SignatureError(ValueError):
    """A signature is missing, of another key, or too old or too new."""


def key_of(secret: str) -> bytes:
    """The key a secret stands for."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    encoded = secret.removeprefix(PREFIX)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def sign(secrets: Iterable[str], message_id: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """The three headers. Each secret signs, the current one first, so that either side may change first."""
    seconds = str(int(timestamp.timestamp()))
    signatures = " ".join(f"v1,{_signature(secret, message_id, seconds, body)}" for secret in secrets if secret)
    return {ID: message_id, TIMESTAMP: seconds, SIGNATURE: signatures}


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a message that one of the secrets signed within the last minutes. Raises SignatureError.

    ``headers`` in lower case.
    """
    try:
        message_id, seconds, signatures = headers[ID], headers[TIMESTAMP], headers[SIGNATURE]
    except KeyError as missing:
        raise SignatureError(f"the header {missing.args[0]} is missing") from None
    check_time(seconds, now)
    given = [
        encoded for version, _, encoded in (each.partition(",") for each in signatures.split(" ")) if version == "v1"
    ]
    for secret in filter(None, secrets):
        wanted = _signature(secret, message_id, seconds, body).encode()
        if any(hmac.compare_digest(wanted, each.encode(errors="replace")) for each in given):
            return message_id
    raise SignatureError("no signature is by a key of this connection")


def check_time(seconds: str, now: datetime) -> None:
    """Whether a time in seconds since 1970 is near enough to now. Raises SignatureError."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        raise SignatureError("the time of the signature is no number of seconds")
    try:
        away = abs(now - datetime.fromtimestamp(int(seconds), UTC))
    except (OverflowError, ValueError):  # a year that datetime does not reach
        away = timedelta.max
    if away > TOLERANCE:
        raise SignatureError("the signature is more than five minutes from now")


def _signature(secret: str, message_id: str, seconds: str, body: bytes) -> str:
    content = f"{message_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)).decode()
