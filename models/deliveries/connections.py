"""Connections: outside systems, how each is reached, and how well it hears us."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import unquote_plus

from pydantic import AfterValidator, Field, model_validator

from models.core.base import (
    Count,
    Identifier,
    Instant,
    Label,
    Number,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    Version,
)

T = TypeVar("T")

HISTORY_HOURS = 24
"""How far back a connection's deliveries are counted by the hour."""
PREVIOUS_HOURS_MOST = 168
"""How long a previous secret may stay valid beside the new one."""


class ConnectionKind(StrEnum):
    """What stands at the other end, and so how it is spoken to."""

    WEBHOOK = "webhook"
    SHOP = "shop"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    DISCORD = "discord"
    SENDGRID = "sendgrid"
    SMTP = "smtp"


class ConnectionState(StrEnum):
    """What an operator sees; computed from switches, results and ages."""

    OFF = "off"
    """Not set up: no address or no secret yet. Nothing is sent and nothing is kept for it."""
    OK = "ok"
    LATE = "late"
    """It answers, but something has waited for more than a minute."""
    FAILING = "failing"
    PAUSED = "paused"
    """By a person, until an instant or until resumed; what is meant for it waits."""
    MISCONFIGURED = "misconfigured"
    """It refused us (400, 401, 403, 404): sending has stopped until a person has changed something."""
    DISABLED = "disabled"
    """It answered 410: it wants nothing more."""


class Breaker(StrEnum):
    """Whether requests go out. While it is open, nothing counts against a message."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One probe at a time is let through."""


class ProofState(StrEnum):
    """What became of the last canary, which goes by the stored route."""

    NEVER = "never"
    PROVEN = "proven"
    FAILED = "failed"


def _web_address(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"https", "http"} or not rest:
        raise ValueError("an address starts with https:// or http://")
    if "@" in re.split(r"[/?#\\]", rest, maxsplit=1)[0]:
        raise ValueError("leave user and password out of the address: enter the secret by itself")
    return value


_SECRET_NAME = re.compile(
    r"(?i)(^|[^a-z])(token|key|apikey|secret|sig|signature|hmac|auth|authorization|credentials?|password|passwd|pwd|code)"
    r"([^a-z]|$)|(token|secret|password|apikey|signature)$"
)
"""Names under which addresses carry what lets somebody in."""


def _no_secret_in_address(settings: T) -> T:
    """Of what is entered: addresses are shown to whoever sees connections, and are kept in the clear."""
    url = getattr(settings, "url", "")
    _, _, query = url.partition("?")
    for part in re.split("[&;#]", query):
        name = unquote_plus(part.partition("=")[0])
        if _SECRET_NAME.search(name):
            raise ValueError(
                f"the address has a secret in it, {name}=…: addresses are shown. Leave it out and enter it as the "
                "secret; where the other side takes it only there, put a receiver of your own between"
            )
    return settings


def _reference(value: str) -> str:
    if not value.startswith(("env:", "file:")) or not value.partition(":")[2].strip():
        raise ValueError("a reference is env:NAME or file:/path/of/the/secret, read where the worker runs")
    return value


WebAddress = Annotated[PlainText, Field(min_length=8, max_length=2000), AfterValidator(_web_address)]
MailAddress = Annotated[PlainText, Field(min_length=3, max_length=254, pattern=r"^[^\s@,;<>]+@[^\s@,;<>]+$")]
ChannelId = Annotated[str, Field(pattern=r"^[A-Z0-9]{6,24}$")]
"""A channel of Slack or Discord by its id: names change, ids do not."""
Port = Annotated[int, Field(ge=1, le=65_535)]
Recipients = Annotated[tuple[MailAddress, ...], Field(min_length=1, max_length=50)]


class WebhookSettings(Request):
    """A signed webhook by Standard Webhooks."""

    kind: Literal[ConnectionKind.WEBHOOK] = ConnectionKind.WEBHOOK
    url: WebAddress
    ordered: bool = False
    """One request at a time, in the order of the audit log."""


class ShopSettings(Request):
    """The shop that carries out verdicts: signed commands, one at a time for an order."""

    kind: Literal[ConnectionKind.SHOP] = ConnectionKind.SHOP
    url: WebAddress
    knows_ids: bool = True
    """It answers a repeated ``webhook-id`` without doing the work again. Without it, an attempt whose answer was lost
    is asked about at ``url/{id}`` first, and where that says nothing a person decides."""


class SlackSettings(Request):
    """One channel of a Slack workspace; the secret is the bot's token."""

    kind: Literal[ConnectionKind.SLACK] = ConnectionKind.SLACK
    channel: ChannelId
    url: WebAddress = "https://slack.com/api"


class PagerDutySettings(Request):
    """A service of PagerDuty by Events API v2; the secret is its integration key."""

    kind: Literal[ConnectionKind.PAGERDUTY] = ConnectionKind.PAGERDUTY
    url: WebAddress = "https://events.pagerduty.com"


class DiscordSettings(Request):
    """A webhook of a Discord channel; the secret is its token."""

    kind: Literal[ConnectionKind.DISCORD] = ConnectionKind.DISCORD
    webhook_id: Annotated[str, Field(pattern=r"^[0-9]{5,24}$")]
    url: WebAddress = "https://discord.com/api/v10"


class SendGridSettings(Request):
    """Mail by SendGrid v3; the secret is an API key that may send mail."""

    kind: Literal[ConnectionKind.SENDGRID] = ConnectionKind.SENDGRID
    sender: MailAddress
    recipients: Recipients
    url: WebAddress = "https://api.sendgrid.com"


class SmtpSecurity(StrEnum):
    """How the connection to a mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"
    """Only for a server on this machine."""


class SmtpSettings(Request):
    """Mail by a server of one's own; the secret is the password, where there is a user name."""

    kind: Literal[ConnectionKind.SMTP] = ConnectionKind.SMTP
    host: Annotated[PlainText, Field(min_length=1, max_length=253)]
    port: Port = 587
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    user: Annotated[PlainText, Field(max_length=254)] = ""
    sender: MailAddress
    recipients: Recipients


ConnectionSettings = Annotated[
    WebhookSettings
    | ShopSettings
    | SlackSettings
    | PagerDutySettings
    | DiscordSettings
    | SendGridSettings
    | SmtpSettings,
    Field(discriminator="kind"),
]
"""How a system is reached, without any secret."""
EnteredSettings = Annotated[ConnectionSettings, AfterValidator(_no_secret_in_address)]

ActionPattern = Annotated[str, Field(pattern=r"^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$", max_length=100)]
"""An action of the audit log, such as ``risk.entry.approved``, or all of a family, such as ``alerts.*``."""
Subscriptions = Annotated[tuple[ActionPattern, ...], Field(max_length=100)]


class ConnectionRequest(Request):
    """A new connection. It is off until its secret is set; a second factor is asked for."""

    name: Annotated[Label, Field(max_length=80)]
    settings: EnteredSettings
    subscriptions: Subscriptions = ()
    """What of the audit log goes there; what people are sent goes by the routes instead."""
    rate: Annotated[Number, Field(gt=0, le=100)] | None = None
    """Messages a second at most, counted from the last answer; left out: what the kind allows."""


class ConnectionChange(Request):
    """A change; what is left out stays. Needs ``If-Match`` and a second factor."""

    name: Annotated[Label, Field(max_length=80)] | None = None
    settings: EnteredSettings | None = None
    subscriptions: Subscriptions | None = None
    rate: Annotated[Number, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self


class SecretPurpose(StrEnum):
    """What a secret is for."""

    SEND = "send"
    """Signs what we send, or lets us in."""
    RECEIVE = "receive"
    """Proves that what comes in by the hook is theirs, such as the signing secret of a Slack app."""


class SecretRequest(Request):
    """A new secret: the value itself, which is never shown again, or a reference. Needs a second factor."""

    purpose: SecretPurpose = SecretPurpose.SEND
    value: Annotated[PlainText, Field(min_length=8, max_length=4096)] | None = None
    reference: Annotated[PlainText, Field(max_length=1000), AfterValidator(_reference)] | None = None
    previous_hours: Annotated[Count, Field(le=PREVIOUS_HOURS_MOST)] = 24
    """How long what is signed carries the signature of the previous secret too; 0 ends that one at once."""
    expires_at: Instant | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.value is None) == (self.reference is None):
            raise ValueError("give either the value or a reference to it")
        return self


class PauseRequest(Request):
    """Hold back what is meant for a system; it waits and goes in order when resumed."""

    until: Instant | None = None
    reason: Annotated[RequiredText, Field(max_length=500)]


class Secret(Record):
    """All that is ever shown of a secret."""

    last_four: str
    """Empty for a reference and for what has fewer than twelve characters."""
    fingerprint: str
    """The first sixteen characters of the SHA-256, in groups of four."""
    reference: str = ""
    set_at: Instant
    set_by: str
    expires_at: Instant | None = None
    previous_until: Instant | None = None
    """Until when the one before is valid too."""


class Remedy(StrEnum):
    """What helps, of what can be done here."""

    SECRET = "secret"  # noqa: S105 - a word
    CHANGE = "change"
    RESUME = "resume"
    TEST = "test"


class Advice(Record):
    """What is wrong, in words, and what to do about it."""

    verdict: str
    """One line, such as: No refund reaches the shop."""
    detail: str
    steps: tuple[str, ...] = ()
    remedy: Remedy | None = None
    """``None`` where there is nothing to do but to wait."""


class Connection(Record):
    """An outside system and how it does. Durations in seconds."""

    id: Identifier
    name: str
    settings: ConnectionSettings
    subscriptions: tuple[str, ...]
    rate: Number | None
    state: ConnectionState
    harms: bool
    """Whether what fails here keeps people uninformed or orders undone: drawn as P2 instead of P3."""
    last_success_at: Instant | None
    oldest_waiting_at: Instant | None
    """Since when the oldest of what has not arrived waits."""
    waiting: Count
    dead: Count
    p95_seconds: Number | None
    """Of the last hundred answers; ``None`` before the first."""
    breaker: Breaker
    next_attempt_at: Instant | None
    """When something waits or a probe is due."""
    secret: Secret | None
    hook_secret: Secret | None
    """Of what comes in by the hook."""
    proof: ProofState
    proven_at: Instant | None
    """When a canary last arrived."""
    proof_tried_at: Instant | None
    last_error: Text
    last_error_at: Instant | None
    advice: Advice | None
    """``None`` while nothing is wrong."""
    paused_by: str | None
    paused_until: Instant | None
    pause_reason: str
    hook: str
    """The path at which the system may call us, empty where it does not."""
    version: Version
    updated_at: Instant
    updated_by: str


class DeliveryHour(Record):
    """What became of attempts within one hour."""

    begins_at: Instant
    sent: Count
    retried: Count
    dead: Count


class ConnectionDetail(Connection):
    """A connection with its last day, by the hour; hours without anything are left out."""

    hours: tuple[DeliveryHour, ...]
    tries: str
    """The retry plan in words."""


class Proof(Record):
    """What became of a test, which goes by the stored route and waits for the answer up to seven seconds."""

    connection_id: Identifier
    proof: ProofState
    at: Instant
    seconds: Number
    words: str
    """What the system answered, in words."""
