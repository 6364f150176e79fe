"""What Segment's calls have in common: what happened, when, by which sender, and what is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from backend.analytics.event_text import Item
from backend.analytics.plan.checking import at_of
from models.analytics.events import Violation, ViolationClass
from models.core.base import storable

CALLS: Final = frozenset({"track", "identify", "page", "screen", "group", "alias"})
_SENDER = re.compile(r"[\w .+()/-]{1,60}")
"""What programs are called. Anything else may be data, and is kept nowhere but in the event."""
UNKNOWN: Final = "unknown"
MESSAGE_ID_MOST: Final = 200
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD_MOST: Final = timedelta(hours=1)
"""Clocks differ by less."""


@dataclass(slots=True)
class Call:
    """An event as it is judged and kept."""

    item: Item
    message_id: str | None = None
    kind: str = UNKNOWN
    event_name: str = ""
    """As the sender writes it; it may hold anything."""
    properties: Any = None
    at: str = "/properties"
    """Where they stand in the event."""
    declared: int | None = None
    """The version it says it is of."""
    occurred_at: datetime | None = None
    producer: str = UNKNOWN
    app_version: str = UNKNOWN
    problem: Violation | None = None
    """Why it is no event."""
    oddity: Violation | None = None
    """What is wrong beside its properties."""


def read_calls(items: Sequence[Item], now: datetime, *, sent_at: Any = None, kind: str | None = None) -> list[Call]:
    """The calls of a batch. ``sent_at`` and ``kind`` are what it says of all of them."""
    sent = _instant(sent_at)
    return [_read(item, now, sent, kind) for item in items]


def _read(item: Item, now: datetime, sent_at: datetime | None, kind: str | None) -> Call:
    call, event = Call(item), item.value
    if event is None:
        return _malformed(call, "", item.problem)
    call.message_id = _message_id(event.get("messageId"))
    if call.message_id is None and event.get("messageId") is not None:
        return _malformed(call, "/messageId", f"must be text of at most {MESSAGE_ID_MOST} characters")
    _read_sender(call, event)
    _read_instant(call, event, now, sent_at)
    sort = event.get("type", kind)
    if not isinstance(sort, str) or sort not in CALLS:
        return _malformed(call, "/type", f"must be one of {', '.join(sorted(CALLS))}")
    call.kind = call.event_name = sort
    if sort == "track":
        name = event.get("event")
        if not isinstance(name, str) or not name.strip() or not storable(name):
            return _malformed(call, "/event", "must be the name of the event")
        call.event_name = name
    call.at = "/properties" if sort == "track" else at_of(sort)
    call.properties = event.get(call.at[1:], {})
    if call.properties is None:
        call.properties = {}
    return call


def _malformed(call: Call, pointer: str, rule: str) -> Call:
    call.problem = Violation(violation_class=ViolationClass.MALFORMED, pointer=pointer, rule=rule)
    return call


def _message_id(value: Any) -> str | None:
    usable = isinstance(value, str) and 0 < len(value) <= MESSAGE_ID_MOST and storable(value)
    return value if usable else None


def _read_sender(call: Call, event: dict[str, Any]) -> None:
    context = event.get("context")
    if not isinstance(context, dict):
        return
    app, library = context.get("app"), context.get("library")
    for source in (app, library):
        if isinstance(source, dict) and (name := _sender(source.get("name"))) != UNKNOWN:
            call.producer, call.app_version = name, _sender(source.get("version"))
            break
    declared = context.get("eventVersion")
    if isinstance(declared, str) and declared.isascii() and declared.isdigit():
        declared = int(declared[:10])
    if isinstance(declared, int) and not isinstance(declared, bool) and 0 < declared < 2**31:
        call.declared = declared


def _sender(value: Any) -> str:
    return value if isinstance(value, str) and _SENDER.fullmatch(value) else UNKNOWN


def _read_instant(call: Call, event: dict[str, Any], now: datetime, sent_at: datetime | None) -> None:
    given = event.get("originalTimestamp", event.get("timestamp"))
    if given is None:
        call.occurred_at = now
        return
    at = _instant(given)
    if at is None:
        call.oddity = _odd("must be an instant with a zone, such as 2026-11-24T14:02:37Z")
        return
    sent_at = _instant(event.get("sentAt")) or sent_at
    if sent_at is not None and sent_at >= at >= EARLIEST:
        # By the sender's clock it happened so long before it was sent; by ours it was sent just now.
        at = now - (sent_at - at)
    if at > now + AHEAD_MOST:
        call.oddity = _odd(f"lies ahead: it is {now:%Y-%m-%dT%H:%M:%SZ} here")
    elif at < EARLIEST:
        call.oddity = _odd("lies before 2000-01-01: the clock of the sender is not set")
    else:
        call.occurred_at = at


def _odd(rule: str) -> Violation:
    return Violation(violation_class=ViolationClass.LIMIT, pointer="/timestamp", rule=rule)


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
