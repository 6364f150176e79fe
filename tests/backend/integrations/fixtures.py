"""Messages, and what the channels need to send them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.deliveries import (
    Channel,
    Message,
    MessageKind,
    Notice,
    NoticeAction,
    NoticePhase,
    Result,
    Secrets,
    Target,
)
from backend.integrations.channels import channels
from models.deliveries.connections import (
    ConnectionKind,
    ConnectionSettings,
    DiscordSettings,
    PagerDutySettings,
    SendGridSettings,
    ShopSettings,
    SlackSettings,
    WebhookSettings,
)
from tests.backend.integrations.stand_ins import Play, StandIn, http

HOST = "mail.shop.example"
AT = datetime(2026, 11, 24, 14, 2, 37, tzinfo=UTC)
SECRETS = {
    ConnectionKind.WEBHOOK: "whsec_c2VjcmV0LW9mLXRoZS13ZWJob29rLTAx",
    ConnectionKind.SHOP: "secret-of-the-shop-canary",
    ConnectionKind.SLACK: "xoxb-1-secret-canary",
    ConnectionKind.PAGERDUTY: "R0123456789canary0123456789abcde",
    ConnectionKind.DISCORD: "token/of+discord-canary_0123",
    ConnectionKind.SENDGRID: "SG.canary.0123456789",
    ConnectionKind.SMTP: "pass word-canary",
}
TAKEN = {
    ConnectionKind.WEBHOOK: Play(204),
    ConnectionKind.SHOP: Play(200, {"ok": True}),
    ConnectionKind.SLACK: Play(200, {"ok": True, "channel": "C0123456", "ts": "1732456957.000100", "message": {}}),
    ConnectionKind.PAGERDUTY: Play(202, {"status": "success", "message": "Event processed", "dedup_key": "alert:7"}),
    ConnectionKind.DISCORD: Play(200, {"id": "1310000000000000001"}),
    ConnectionKind.SENDGRID: Play(202, b"", {"X-Message-Id": "abc"}),
}
"""What each answers when all is well."""
HTTP = tuple(TAKEN)


async def no_addresses(_host: str, _port: int) -> Sequence[str]:
    """For channels that ask for none."""
    return ()


def channel(kind: ConnectionKind) -> Channel:
    """That of a kind."""
    return channels(no_addresses)[kind]


def settings(kind: ConnectionKind, url: str) -> ConnectionSettings:
    """Of a connection to a stand-in."""
    made: Mapping[ConnectionKind, ConnectionSettings] = {
        ConnectionKind.WEBHOOK: WebhookSettings(url=f"{url}/hook"),
        ConnectionKind.SHOP: ShopSettings(url=f"{url}/shop"),
        ConnectionKind.SLACK: SlackSettings(channel="C0123456", url=f"{url}/api"),
        ConnectionKind.PAGERDUTY: PagerDutySettings(url=url),
        ConnectionKind.DISCORD: DiscordSettings(webhook_id="1300000000000000001", url=f"{url}/api/v10"),
        ConnectionKind.SENDGRID: SendGridSettings(
            sender="ops@shop.example", recipients=("team@shop.example", "lead@shop.example"), url=url
        ),
    }
    return made[kind]


def notice(phase: NoticePhase = NoticePhase.RAISED, **changed: Any) -> Message:
    """An alert, as people hear of it."""
    values: dict[str, Any] = {
        "subject": "Downloads fail",
        "text": "41 % of downloads failed in the last ten minutes.\nLimit: 5 %",
        "severity": "P1",
        "team": "operations",
        "thread": "alert:7",
        "phase": phase,
        "actions": (NoticeAction.ACKNOWLEDGE, NoticeAction.CLAIM, NoticeAction.OPEN),
        "link": "https://ops.shop.example/alerts/7",
    }
    return Message(
        id="0198c0de-0000-7000-8000-000000000007",
        kind=MessageKind.NOTICE,
        type="alert.raised",
        at=AT,
        data={"alertId": "7"},
        notice=Notice(**{**values, **changed}),
    )


def message(kind: MessageKind, attempt: int = 1, **data: Any) -> Message:
    """Anything but a notice."""
    types = {
        MessageKind.ENTRY: "risk.entry.decided",
        MessageKind.COMMAND: "order.refund",
        MessageKind.CANARY: "deliveries.canary",
        MessageKind.TEST: "deliveries.test",
    }
    given = data or {"orderId": "CS-48001", "amount": 24_960, "currency": "EUR"}
    return Message("0198c0de-0000-7000-8000-000000000008", kind, types[kind], AT, given, attempt=attempt)


@dataclass
class Told:
    """What came of a message, and what is remembered from it."""

    result: Result
    remembered: dict[str, str]


async def tell(
    vendor: StandIn,
    kind: ConnectionKind,
    what: Message,
    remembered: Mapping[str, str] | None = None,
    *,
    previous: str = "",
    seconds: float = 10.0,
    to: ConnectionSettings | None = None,
) -> Told:
    """One try."""
    before = dict(remembered or {})
    target = Target("c-1", to or settings(kind, vendor.url), Secrets(SECRETS[kind], (previous,)), before)
    async with http(seconds) as client:
        result = await channel(kind).send(client, target, what)
    return Told(result, {**before, **result.remember})


@cache
def certificate() -> tuple[bytes, bytes]:
    """Of ``HOST``, by nobody who is trusted, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem), private
