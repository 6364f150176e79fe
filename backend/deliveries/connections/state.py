"""How a connection does, worked out from switches, results and ages; and what is wrong with it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from backend.deliveries.channel import Fault
from models.deliveries.connections import (
    Advice,
    Breaker,
    ConnectionKind,
    ConnectionSettings,
    ConnectionState,
    ProofState,
    Remedy,
    SmtpSettings,
)

LATE = timedelta(seconds=60)
HOOKED = frozenset({ConnectionKind.SLACK, ConnectionKind.PAGERDUTY, ConnectionKind.WEBHOOK})
"""Kinds that may call us."""


def needs_secret(settings: ConnectionSettings) -> bool:
    """Whether nothing can be sent without one."""
    return not isinstance(settings, SmtpSettings) or bool(settings.user)


def origin(settings: ConnectionSettings) -> tuple[str, str, int]:
    """Whom a secret is shown to: how it is protected on its way, the host and the port."""
    if isinstance(settings, SmtpSettings):
        return settings.security, settings.host.rstrip(".").lower(), settings.port
    parts = urlsplit(settings.url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)


def is_paused(row: Mapping[str, Any]) -> bool:
    """Whether a person holds it back at this moment."""
    return row["paused_by"] is not None and (row["paused_until"] is None or row["paused_until"] > row["now"])


def state_of(row: Mapping[str, Any]) -> ConnectionState:
    """What an operator sees, the strongest reason first."""
    if not row["ready"]:
        return ConnectionState.OFF
    if row["stopped"] is not None:
        return ConnectionState(row["stopped"])
    if is_paused(row):
        return ConnectionState.PAUSED
    if row["opened_until"] is not None or _has_failed(row):
        return ConnectionState.FAILING
    oldest: datetime | None = row["oldest_waiting_at"]
    if oldest is not None and row["now"] - oldest > LATE:
        return ConnectionState.LATE
    return ConnectionState.OK


def _has_failed(row: Mapping[str, Any]) -> bool:
    """Whether the last canary failed and nothing has arrived since."""
    arrived, tried = row["last_success_at"], row["proof_tried_at"]
    return row["proof"] == ProofState.FAILED and (arrived is None or tried is None or arrived <= tried)


def breaker_of(row: Mapping[str, Any]) -> Breaker:
    """Closed, open until an instant, or letting a probe through."""
    until: datetime | None = row["opened_until"]
    if until is None:
        return Breaker.CLOSED
    return Breaker.OPEN if until > row["now"] else Breaker.HALF_OPEN


def advice_of(row: Mapping[str, Any], state: ConnectionState) -> Advice | None:
    """What is wrong and what to do about it; ``None`` while nothing is."""
    name, problem = row["name"], row["problem"] or row["proof_words"]
    waiting = f"{row['waiting']} waiting, nothing is lost." if row["waiting"] else "Nothing is waiting."
    match state:
        case ConnectionState.OK:
            return None
        case ConnectionState.OFF:
            return _off(row)
        case ConnectionState.PAUSED:
            until = f" until {row['paused_until']:%H:%M UTC}" if row["paused_until"] else ""
            return Advice(
                verdict=f"{name} is paused{until}",
                detail=f"{_sentence(row['pause_reason'])} {waiting}",
                steps=("Resume it: what waits goes in order.",),
                remedy=Remedy.RESUME,
            )
        case ConnectionState.MISCONFIGURED:
            steps, remedy = _REMEDIES.get(row["fault"], _REMEDIES[Fault.REQUEST])
            detail = f"{_sentence(problem)} Sending has stopped. {waiting}"
            return Advice(verdict=_nothing_reaches(row), detail=detail, steps=steps, remedy=remedy)
        case ConnectionState.DISABLED:
            steps, remedy = _REMEDIES[Fault.GONE]
            detail = f"{_sentence(problem)} Sending has stopped. {waiting}"
            return Advice(verdict=f"{name} wants nothing more", detail=detail, steps=steps, remedy=remedy)
        case ConnectionState.FAILING:
            steps, remedy = _REMEDIES.get(row["fault"], _REMEDIES[Fault.BROKEN])
            return Advice(
                verdict=_nothing_reaches(row) if row["opened_until"] is not None else _proof_failed(row),
                detail=f"{_sentence(problem or 'It does not answer as it should')} {waiting}",
                steps=(*steps, *(("Replay the dead letters.",) if row["dead"] else ())),
                remedy=remedy,
            )
        case ConnectionState.LATE:
            return Advice(
                verdict=f"{name} is behind",
                detail=f"{row['waiting']} waiting, the oldest since {row['oldest_waiting_at']:%d %b %H:%M:%S UTC}."
                + (f" Last: {_sentence(problem)}" if problem else ""),
                steps=("Wait; look again when this does not shrink.",),
            )


def _off(row: Mapping[str, Any]) -> Advice:
    nothing = "Nothing is sent and nothing is kept for it."
    if row["switched_off"]:
        return Advice(
            verdict=f"{row['name']} is turned off", detail=nothing, steps=("Turn it on.",), remedy=Remedy.RESUME
        )
    steps = ("Enter its secret.", "Send a test.")
    return Advice(verdict=f"{row['name']} is not set up", detail=nothing, steps=steps, remedy=Remedy.SECRET)


def _sentence(words: str) -> str:
    """With one full stop: words of people and of other systems may have theirs."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _nothing_reaches(row: Mapping[str, Any]) -> str:
    if row["kind"] == ConnectionKind.SHOP:
        return f"No order of ours reaches {row['name']}"
    return f"Nothing reaches {row['name']}"


def _proof_failed(row: Mapping[str, Any]) -> str:
    """A test failed, and nothing else was sent since."""
    if row["fault"] == Fault.MESSAGE:
        return f"{row['name']} does not take our tests"
    return f"The last test did not reach {row['name']}"


_TEST = "Send a test: what waits goes by itself."
_REMEDIES: Mapping[str, tuple[tuple[str, ...], Remedy]] = {
    Fault.SILENT: (
        (
            "See that it is up and can be reached from the worker.",
            "Send a test; what waits goes by itself once it answers.",
        ),
        Remedy.TEST,
    ),
    Fault.BROKEN: (
        (
            "Ask those who run it: it can be reached, and does not answer as it should.",
            "Send a test; what waits goes by itself once it does.",
        ),
        Remedy.TEST,
    ),
    Fault.REDIRECT: (
        ("Find out where it has moved: redirects are never followed.", "Change the address here.", _TEST),
        Remedy.CHANGE,
    ),
    Fault.SECRET: (
        ("Get the present secret from whoever runs the other side.", "Enter it here.", _TEST),
        Remedy.SECRET,
    ),
    Fault.ADDRESS: (
        ("Compare the address with what the other side says.", "Change it here.", "Send a test."),
        Remedy.CHANGE,
    ),
    Fault.EGRESS: (
        (
            "Change the address to a public one.",
            "Or have OPSCONSOLE_EGRESS_ALLOW name that network, and start the worker again.",
            _TEST,
        ),
        Remedy.CHANGE,
    ),
    Fault.REQUEST: (
        ("Read what it answered, and compare with what the other side expects.", "Change the connection here.", _TEST),
        Remedy.CHANGE,
    ),
    Fault.MESSAGE: (
        (
            "Read what it answered to the test; other messages may be taken.",
            'Have the other side answer 2xx to {"type": "canary"} and {"type": "test"}.',
            "Send a test.",
        ),
        Remedy.TEST,
    ),
    Fault.GONE: (
        ("Ask whoever runs it whether its address has moved.", "Change the address, or remove the connection."),
        Remedy.CHANGE,
    ),
    Fault.UNREADABLE: (
        ("Read in the log of the worker what is wrong.", "Change the connection here: it is written anew.", _TEST),
        Remedy.CHANGE,
    ),
}
"""What is to be done, by the kind of fault."""
