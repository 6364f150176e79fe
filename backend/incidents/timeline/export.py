"""A timeline to hand out: as Markdown, as JSON, and what both and the PDF are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.core.database import Connection
from backend.core.json import dumps
from backend.core.rows import readable
from backend.incidents.timeline.reads import FIRST, Timeline, entries, newer
from models.core.paging import PAGE_MOST
from models.incidents import IncidentRecord
from models.incidents.timeline import TimelineEntry

PAGES_MOST: Final = 2_000
"""Entries of a PDF: more nobody prints, and it takes a server's time."""
ENTRIES_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Export:
    """An incident with its timeline, by when things happened."""

    incident: IncidentRecord
    entries: tuple[TimelineEntry, ...]
    complete: bool
    """Whether there are no more entries than these."""
    made_at: datetime


async def collect(
    connection: Connection, incident: IncidentRecord, of: Timeline, *, most: int, made_at: datetime
) -> Export:
    """The oldest entries, as many as may be."""
    found: list[TimelineEntry] = []
    start = FIRST
    while len(found) < most:
        wanted = min(PAGE_MOST, most - len(found))
        positions = await newer(connection, of, start, wanted)
        found += readable(await entries(connection, of, positions))
        if len(positions) < wanted:
            break
        start = positions[-1]
    complete = not await newer(connection, of, start, 1) if len(found) >= most else True
    found.sort(key=lambda entry: (entry.occurred_at, entry.position))
    return Export(incident, tuple(found), complete, made_at)


def to_json(export: Export) -> bytes:
    """All of it, as the API would answer it."""
    document: dict[str, Any] = {
        "incident": export.incident.model_dump(mode="json", by_alias=True),
        "entries": [entry.model_dump(mode="json", by_alias=True) for entry in export.entries],
        "complete": export.complete,
        "madeAt": export.made_at,
    }
    return dumps(document).encode()


def to_markdown(export: Export) -> bytes:
    """For a wiki or a ticket; what people wrote stays text there."""
    incident = export.incident
    lines = [
        f"# {incident.reference} {_plain(incident.title)}",
        "",
        *(f"- {name}: {_plain(value)}" for name, value in facts(incident)),
        "",
        *(f"> {_plain(line)}" for line in incident.description.splitlines()),
        "",
        "## Timeline",
        "",
        "| UTC | what | who |",
        "|---|---|---|",
    ]
    for entry in export.entries:
        words = f"**{_plain(entry.text)}**" if entry.pinned else _plain(entry.text)
        lines.append(f"| {entry.occurred_at:%Y-%m-%d %H:%M:%S} | {entry.kind}: {words} | {_plain(entry.actor_name)} |")
        lines += [
            f"| | corrected: {_plain(each.text)} | {_plain(each.by_name)}, {each.at:%Y-%m-%d %H:%M:%S} |"
            for each in entry.corrections
        ]
    lines += ["", f"Made {export.made_at:%Y-%m-%d %H:%M UTC}.{remainder(export)}", ""]
    return "\n".join(lines).encode()


def facts(incident: IncidentRecord) -> list[tuple[str, str]]:
    """What stands above a timeline."""
    times = [
        (name, at)
        for name, at in (
            ("Began", incident.started_at),
            ("Detected", incident.detected_at),
            ("Acknowledged", incident.acknowledged_at),
            ("Mitigated", incident.mitigated_at),
            ("Resolved", incident.resolved_at),
        )
        if at is not None
    ]
    return [
        ("Severity", incident.severity),
        ("Status", incident.status),
        *((name, f"{at:%Y-%m-%d %H:%M:%S UTC}") for name, at in times),
        *((each.role.capitalize(), each.name) for each in incident.roles),
        *([("Services", ", ".join(incident.services))] if incident.services else []),
    ]


def remainder(export: Export) -> str:
    """What is missing, if anything is."""
    if export.complete:
        return ""
    return f" These are the first {len(export.entries):,} entries; there are more, to be read in the console."


def _plain(text: str) -> str:
    """What people wrote, so that nothing in it is markup, and in one line."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!~" else letter for letter in text)
    return " ".join(escaped.split())
