"""iCalendar text, RFC 5545: one event for each time on call, in UTC, without rules and zones.

A recurring event could not say the same: where an hour is skipped, RFC 5545 reads local times differently than the
roster hands over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

LINE_MOST = 75
"""Octets of a line."""


@dataclass(frozen=True, slots=True)
class Event:
    """One time on call of one person."""

    schedule_id: str
    person: str
    start: datetime
    end: datetime
    summary: str
    description: str
    changed_at: datetime
    version: int

    @property
    def uid(self) -> str:
        """The same for as long as the person begins there at that instant."""
        key = f"{self.schedule_id}\0{self.person}\0{_instant(self.start)}"
        return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}@opsconsole"


def calendar(name: str, events: Iterable[Event]) -> str:
    """The whole file. It depends on the events alone, so that its ETag holds."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//opsconsole//on call//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT30M",
        *(line for event in events for line in _event(event)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    # That of the last change, not of now: else no two answers are ever the same.
    yield f"DTSTAMP:{_instant(event.changed_at)}"
    yield f"SEQUENCE:{event.version}"
    yield f"DTSTART:{_instant(event.start)}"
    yield f"DTEND:{_instant(event.end)}"
    yield f"SUMMARY:{_text(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(escaped.splitlines())


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, never cut within a character."""
    part, octets = "", 0
    for letter in line:
        size = len(letter.encode())
        if octets + size > LINE_MOST:
            yield part
            part, octets = " ", 1
        part, octets = part + letter, octets + size
    yield part
