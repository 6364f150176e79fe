"""How connections and letters are spoken of. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from app.core.freshness import age_words
from models.core.wording import counted, initials, system_name
from models.deliveries.connections import (
    Breaker,
    Connection,
    ConnectionKind,
    ConnectionState,
    DiscordSettings,
    PagerDutySettings,
    ProofState,
    Remedy,
    SendGridSettings,
    ShopSettings,
    SlackSettings,
    SmtpSettings,
    WebhookSettings,
)
from models.deliveries.letters import Letter, LetterSource, LetterState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.deliveries.connections import ConnectionSettings, Secret

NONE = "\N{EN DASH}"
ATTENTION, WORKING, OFF = "Needs attention", "Working", "Off"
GROUPS = (ATTENTION, WORKING, OFF)
KINDS = {
    ConnectionKind.SHOP: "Shop",
    ConnectionKind.WEBHOOK: "Webhook",
    ConnectionKind.SLACK: "Slack",
    ConnectionKind.PAGERDUTY: "PagerDuty",
    ConnectionKind.DISCORD: "Discord",
    ConnectionKind.SENDGRID: "SendGrid",
    ConnectionKind.SMTP: "SMTP",
}
FAMILIES = {
    "Shop": frozenset({ConnectionKind.SHOP}),
    "Alerting": frozenset({ConnectionKind.SLACK, ConnectionKind.PAGERDUTY, ConnectionKind.DISCORD}),
    "Mail": frozenset({ConnectionKind.SENDGRID, ConnectionKind.SMTP}),
    "Webhooks": frozenset({ConnectionKind.WEBHOOK}),
}
STOPPED = frozenset({ConnectionState.FAILING, ConnectionState.MISCONFIGURED, ConnectionState.DISABLED})
SECRET_NAMES = {
    ConnectionKind.SHOP: "signing secret",
    ConnectionKind.WEBHOOK: "signing secret",
    ConnectionKind.SLACK: "bot token",
    ConnectionKind.PAGERDUTY: "integration key",
    ConnectionKind.DISCORD: "webhook token",
    ConnectionKind.SENDGRID: "API key",
    ConnectionKind.SMTP: "password",
}
SIGNED = frozenset({ConnectionKind.SHOP, ConnectionKind.WEBHOOK})
"""Kinds that can be sent two signatures, so that a secret changes without a gap."""


# --- connections -------------------------------------------------------------------------------------------------


def group_of(connection: Connection) -> str:
    """The group of the list it stands in."""
    if connection.state is ConnectionState.OFF:
        return OFF
    return WORKING if connection.state is ConnectionState.OK else ATTENTION


def severity_of(connection: Connection) -> str:
    """``P2`` or ``P3`` for one that does not work; empty for any other."""
    if connection.state not in STOPPED:
        return ""
    return "P2" if connection.harms else "P3"


def _rank(connection: Connection) -> tuple[int, datetime, str]:
    order = (*STOPPED, ConnectionState.LATE, ConnectionState.PAUSED)
    severity = severity_of(connection)
    rank = 0 if severity == "P2" else 1 if severity else 2 + (connection.state is order[-1])
    since = connection.oldest_waiting_at or connection.last_error_at or connection.updated_at
    return rank, since, connection.name.casefold()


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the list that says what is below it."""

    name: str
    count: int


def listed(connections: Iterable[Connection]) -> list[Connection | Heading]:
    """In groups; what needs attention by severity and the oldest first, all else by name."""
    found: list[Connection | Heading] = []
    known = tuple(connections)
    for name in GROUPS:
        members = [each for each in known if group_of(each) == name]
        if members:
            members.sort(key=_rank if name == ATTENTION else lambda each: (0, each.updated_at, ""))
            if name != ATTENTION:
                members.sort(key=lambda each: each.name.casefold())
            found += [Heading(name, len(members)), *members]
    return found


def ago(at: datetime | None, now: datetime) -> str:
    """``4 min ago``; a dash for never."""
    return NONE if at is None else f"{age_words((now - at).total_seconds())} ago"


def age(at: datetime | None, now: datetime) -> str:
    """``41 min``; a dash for none."""
    return NONE if at is None else age_words((now - at).total_seconds())


def moment(at: datetime, now: datetime) -> str:
    """``13:21:04`` today, ``23 Nov 02:00`` another day, in UTC."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at.day} {at:%b %H:%M}"


def countdown(at: datetime, now: datetime) -> str:
    """``00:12`` until then, minutes and seconds; hours where there are any."""
    left = max(0, int((at - now).total_seconds()))
    hours, rest = divmod(left, 3600)
    return f"{hours} h {rest // 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def seconds_words(seconds: float | None) -> str:
    """``0.2 s``; a dash for unknown."""
    return NONE if seconds is None else f"{seconds:.1f} s"


def key_days(secret: Secret, now: datetime) -> int:
    """How old a secret is, in whole days."""
    return max(0, (now - secret.set_at).days)


def key_most(secret: Secret) -> int | None:
    """How old it may become, in days; ``None`` where it has no end."""
    return None if secret.expires_at is None else max(1, (secret.expires_at - secret.set_at).days)


def breaker_words(connection: Connection, now: datetime) -> str:
    """``closed``, ``until 14:10:00`` or ``probe in 00:12``."""
    at = connection.next_attempt_at
    match connection.breaker:
        case Breaker.CLOSED:
            return "closed"
        case Breaker.OPEN:
            return "open" if at is None else f"until {at.astimezone(UTC):%H:%M:%S}"
        case Breaker.HALF_OPEN:
            return "probe in flight" if at is None or at <= now else f"probe in {countdown(at, now)}"
    assert_never(connection.breaker)


def proof_words(connection: Connection, now: datetime) -> tuple[str, str]:
    """What became of the last canary, and how long ago."""
    if connection.state is ConnectionState.PAUSED:
        return "paused", ""
    match connection.proof:
        case ProofState.NEVER:
            return "never", ""
        case ProofState.PROVEN:
            return "proven", ago(connection.proven_at, now)
        case ProofState.FAILED:
            return "failed", ago(connection.proof_tried_at, now)
    assert_never(connection.proof)


def trouble(connection: Connection, now: datetime) -> tuple[str, str]:
    """The last error, or what else is to be known, and what to do about it."""
    advice = connection.advice
    if group_of(connection) == WORKING:
        if not connection.last_error or connection.last_error_at is None:
            return "", ""
        return f"{moment(connection.last_error_at, now)}: {connection.last_error}", ""
    said = "" if connection.state in {ConnectionState.OFF, ConnectionState.PAUSED} else connection.last_error
    if connection.state is ConnectionState.PAUSED:
        said = pause_words(connection, now)
    said = said or (advice.detail if advice is not None else "")
    return said, advice.steps[0] if advice is not None and advice.steps else ""


def pause_words(connection: Connection, now: datetime) -> str:
    """``Paused by SL until 16:00 UTC: channel moves``."""
    who = f" by {who_words(connection.paused_by)}" if connection.paused_by else ""
    until = connection.paused_until
    when = "" if until is None else f" until {moment(until, now)[: 5 if until.date() == now.date() else None]} UTC"
    return f"Paused{who}{when}" + (f": {connection.pause_reason}" if connection.pause_reason else "")


def who_words(actor: str) -> str:
    """Initials of a person; what a part of the system is called."""
    return system_name(actor) or initials(actor)


_ACTIONS = {Remedy.SECRET: "secret", Remedy.CHANGE: "change", Remedy.RESUME: "pause", Remedy.TEST: "test"}
"""The action that pauses also resumes."""


def remedy(connection: Connection) -> str:
    """The action that helps, as the server says; empty while all is well or nothing does."""
    advised = None if connection.advice is None else connection.advice.remedy
    return "" if advised is None else _ACTIONS[advised]


def is_turned_off(connection: Connection) -> bool:
    """Off though it needs no secret: it is turned on by what resumes."""
    return connection.state is ConnectionState.OFF and remedy(connection) == "pause"


def target_words(settings: ConnectionSettings) -> str:
    """Where it goes, as people say it."""
    match settings:
        case WebhookSettings():
            return "Signed webhook" + (", in order" if settings.ordered else "")
        case ShopSettings():
            return "Commands to the shop"
        case SlackSettings():
            return f"Slack channel {settings.channel}"
        case PagerDutySettings():
            return "PagerDuty Events v2"
        case DiscordSettings():
            return "Discord channel"
        case SendGridSettings() | SmtpSettings():
            return counted(len(settings.recipients), "mail address", "mail addresses")
    assert_never(settings)


def address_lines(settings: ConnectionSettings) -> list[tuple[str, str, bool]]:
    """Everything about the way there: name, words, and whether they are strong."""
    match settings:
        case SmtpSettings():
            user = f" as {settings.user}" if settings.user else ""
            lines = [("Server", f"{settings.host}:{settings.port}{user}", False)]
            lines.append(
                ("Protected", {"starttls": "STARTTLS", "tls": "TLS", "none": "not at all"}[settings.security], False)
            )
        case _:
            lines = [("Address", settings.url, False)]
    match settings:
        case SlackSettings():
            lines.append(("Channel", settings.channel, False))
        case DiscordSettings():
            lines.append(("Webhook", settings.webhook_id, False))
        case SendGridSettings() | SmtpSettings():
            lines.append(("From", settings.sender, False))
            lines.append(("To", ", ".join(settings.recipients), False))
        case ShopSettings() if not settings.knows_ids:
            lines.append(("Repeats", "the shop does not know ids: it is asked before a second try", False))
        case _:
            pass
    return lines


def subscription_words(pattern: str) -> str:
    """``risk.entry.approved`` as people say it: ``entry approved``; all of a family ``all of alerts``."""
    if pattern == "*":
        return "everything"
    if pattern.endswith(".*"):
        return f"all of {pattern.removesuffix('.*').replace('.', ' ').replace('_', ' ')}"
    return " ".join(pattern.split(".")[-2:]).replace("_", " ")


def summary(connections: Iterable[Connection]) -> list[tuple[str, str]]:
    """How much waits and is dead, and which breakers are not closed: figure and words, strong and plain."""
    known = tuple(connections)
    opened = sum(each.breaker is Breaker.OPEN for each in known)
    half = sum(each.breaker is Breaker.HALF_OPEN for each in known)
    waiting, dead = sum(each.waiting for each in known), sum(each.dead for each in known)
    found = [(f"{waiting:,}", "waiting"), (f"{dead:,}", "dead letter" if dead == 1 else "dead letters")]
    if opened or half:
        words = [(f"{opened}", "breaker open" if opened == 1 else "breakers open")] if opened else []
        found += [*words, *([(f"{half}", "half open")] if half else [])]
    return found


def fate_words(connections: Iterable[Connection]) -> str:
    """What becomes of messages for these that are not dead."""
    known = tuple(connections)
    still = [each for each in known if each.state in STOPPED or each.state is ConnectionState.PAUSED]
    if still:
        waiting = sum(each.waiting for each in still)
        names = still[0].name if len(still) == 1 else counted(len(still), "system", "systems")
        return f"Nothing goes to {names} now" + (f": {waiting:,} waiting." if waiting else ".")
    waiting = sum(each.waiting for each in known)
    return "Everything arrived." if not waiting else f"{waiting:,} on the way."


# --- letters -----------------------------------------------------------------------------------------------------

TABS = {
    "dead": ("Dead letters", (LetterState.UNCERTAIN, LetterState.DEAD)),
    "waiting": ("Waiting", (LetterState.WAITING,)),
    "sent": ("Delivered", (LetterState.SENT,)),
    "discarded": ("Discarded", (LetterState.DISCARDED,)),
}


def action_words(letter: Letter) -> str:
    """What it is, as people say it."""
    words = subscription_words(letter.action)
    match letter.source:
        case LetterSource.JOB:
            return f"job {letter.action.replace('_', ' ').replace('.', ' ')}"
        case _:
            return words


def letter_at(letter: Letter) -> datetime | None:
    """When it ended, or, of one that waits, when it is due."""
    return letter.due_at if letter.state is LetterState.WAITING else letter.ended_at


def given_up_words(letter: Letter) -> str:
    """``SL: done by hand``; empty for one that was not given up by anybody."""
    if letter.state is not LetterState.DISCARDED or letter.discarded_by is None:
        return ""
    return f"{who_words(letter.discarded_by)}: {letter.discard_reason}"


def answer_words(letter: Letter) -> str:
    """The last answer with its status."""
    status = "" if letter.status is None else str(letter.status)
    words = letter.words if status in letter.words else f"{status} {letter.words}"
    return (
        "answer lost, nobody knows whether it was done"
        if letter.state is LetterState.UNCERTAIN and not words
        else words
    )


def cause_of(letter: Letter) -> tuple[str | None, int | None, str]:
    """What letters that died alike have in common."""
    return letter.connection_id, letter.status, letter.words


def dead_letters(letters: Iterable[Letter]) -> list[Letter]:
    """Those that can be replayed or discarded."""
    return [letter for letter in letters if letter.state is LetterState.DEAD]
