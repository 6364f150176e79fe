"""How a connection does, worked out from switches, results and ages; and what is wrong with it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from models.deliveries.connections import (
    Advice,
    Breaker,
    ConnectionKind,
    ConnectionSettings,
    ConnectionState,
    ProofState,
    SmtpSettings,
)

LATE = timedelta(seconds=60)
MOVED = "Its address leads to another host, and a secret is for the one it was entered for: enter it again."
HOOKED = frozenset({ConnectionKind.SLACK, ConnectionKind.PAGERDUTY, ConnectionKind.WEBHOOK, ConnectionKind.SHOP})
"""Kinds that may call us."""


def needs_secret(settings: ConnectionSettings) -> bool:
    """Whether nothing can be sent without one."""
    return not isinstance(settings, SmtpSettings) or bool(settings.user)


def destination(settings: ConnectionSettings) -> tuple[object, ...]:
    """Who hears the secret, and how it is protected on its way there."""
    if isinstance(settings, SmtpSettings):
        return settings.host.lower(), settings.port, settings.security
    parts = urlsplit(settings.url)
    return parts.scheme, parts.netloc.lower()


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
    if row["opened_until"] is not None or row["proof"] == ProofState.FAILED:
        return ConnectionState.FAILING
    oldest: datetime | None = row["oldest_waiting_at"]
    if oldest is not None and row["now"] - oldest > LATE:
        return ConnectionState.LATE
    return ConnectionState.OK


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
            return Advice(
                verdict=f"{name} is not set up",
                detail="Nothing is sent and nothing is kept for it.",
                steps=("Enter its secret.", "Send a test."),
            )
        case ConnectionState.PAUSED:
            until = f" until {row['paused_until']:%H:%M UTC}" if row["paused_until"] else ""
            return Advice(
                verdict=f"{name} is paused{until}",
                detail=f"{_sentence(row['pause_reason'])} {waiting}",
                steps=("Resume it: what waits goes in order.",),
            )
        case ConnectionState.MISCONFIGURED:
            return Advice(
                verdict=_nothing_reaches(row),
                detail=f"{_sentence(problem)} Sending has stopped. {waiting}",
                steps=_remedies(row),
            )
        case ConnectionState.DISABLED:
            return Advice(
                verdict=f"{name} wants nothing more",
                detail=f"{_sentence(problem)} Sending has stopped. {waiting}",
                steps=(
                    "Ask whoever runs it whether its address has moved.",
                    "Change the address, or remove the secret.",
                ),
            )
        case ConnectionState.FAILING:
            return Advice(
                verdict=_nothing_reaches(row),
                detail=f"{_sentence(problem or 'It does not answer as it should')} {waiting}",
                steps=(
                    "See that it is up and can be reached from the worker.",
                    "Send a test; what waits goes by itself once it answers.",
                    *(("Replay the dead letters.",) if row["dead"] else ()),
                ),
            )
        case ConnectionState.LATE:
            return Advice(
                verdict=f"{name} is behind",
                detail=f"{row['waiting']} waiting, the oldest since {row['oldest_waiting_at']:%d %b %H:%M:%S UTC}."
                + (f" Last: {_sentence(problem)}" if problem else ""),
                steps=("Wait; look again when this does not shrink.",),
            )


def _sentence(words: str) -> str:
    """With one full stop: words of people and of other systems may have theirs."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _nothing_reaches(row: Mapping[str, Any]) -> str:
    if row["kind"] == ConnectionKind.SHOP:
        return f"No order of ours reaches {row['name']}"
    return f"Nothing reaches {row['name']}"


def _remedies(row: Mapping[str, Any]) -> tuple[str, ...]:
    status = row["problem"]
    if " 404" in f" {status}":
        return ("Compare the address with what the other side says.", "Change it here.", "Send a test.")
    return (
        "Get the present secret from whoever runs the other side.",
        "Enter it here; the one before is kept for a day.",
        "Send a test: what waits goes by itself.",
    )
