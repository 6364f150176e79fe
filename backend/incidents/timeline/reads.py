"""Reading timelines: pages by position that cost the same wherever they begin, lanes from afar, single entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.audit import bounds
from backend.core.capability import Audiences
from backend.core.database import Connection, array
from backend.core.problems import ProblemError, invalid
from backend.core.rows import Unreadable, read_row, the_one
from backend.incidents import paging
from backend.incidents.records.reads import NO_INCIDENT
from backend.incidents.timeline import queries
from backend.incidents.timeline.kinds import Source, kind_of, sources
from backend.incidents.timeline.wording import details_of, occurred_at, text_of
from models.core.base import INT64
from models.core.permissions import Permission
from models.core.problems import Code
from models.incidents.timeline import Lane, TimelineEntry, TimelineKind, TimelineLanes

FIRST: Final = 0
LAST: Final = INT64
LEAD: Final = timedelta(hours=1)
"""So long before its beginning a change may be what brought it about."""
NO_ENTRY: Final = "There is no such entry in this timeline."


@dataclass(frozen=True, slots=True)
class Timeline:
    """Which entries are those of an incident, for one who asks."""

    incidents: tuple[str, ...]
    """Ids: its own first, then those merged into it."""
    resources: tuple[str, ...]
    """Ids of what is its own: incidents, alerts, pages."""
    sources: tuple[Source, ...]
    since: datetime
    until: datetime | None
    """What happens elsewhere counts between these; ``None``: it goes on."""
    lower: int
    upper: int
    """Positions between which, both exclusive, all of that lies."""
    window: tuple[datetime | None, datetime | None] = (None, None)
    """The stretch that is looked at; ``None``: no limit."""
    own_bounds: tuple[int, int] = (FIRST, LAST)
    only_own: bool = False
    """Nothing of what happened elsewhere, but for what touches it."""
    touching: tuple[tuple[str, str], ...] = ()
    """Types and ids of what was changed elsewhere and belongs to the story: deploys, rules that raised its alerts."""


async def timeline(
    connection: Connection,
    incident_id: UUID,
    *,
    audiences: Audiences,
    permissions: Collection[Permission],
    kinds: Collection[TimelineKind] | None = None,
    window: tuple[datetime | None, datetime | None] = (None, None),
    only_own: bool = False,
    story: bool = False,
) -> Timeline:
    """The timeline of an incident; raises ProblemError 404.

    Args:
        connection: Where to read.
        incident_id: Which.
        audiences: Who may read what.
        permissions: What whoever asks may do.
        kinds: Only these; ``None``: all.
        window: Only from an instant on, before another.
        only_own: Nothing of what happened elsewhere.
        story: The same, and what touches it: deploys of its services, changes of the rules that raised its alerts.
    """
    rows = await (await connection.execute(queries.family, {"incident_id": incident_id})).fetchall()
    if not rows:
        raise ProblemError(Code.NOT_FOUND, NO_INCIDENT)
    rows.sort(key=lambda row: row[0] != str(incident_id))
    ids = tuple(row[0] for row in rows)
    alerts = await (await connection.execute(queries.alerts, {"ids": list(ids)})).fetchall()
    pairs = await (await connection.execute(queries.pairs)).fetchall()
    ends = [row[2] for row in rows]
    first, last = window
    since = max(each for each in (min(row[1] for row in rows), first) if each is not None)
    until = min((each for each in (None if None in ends else max(ends), last) if each is not None), default=None)
    lower, upper = await bounds(connection, since, until)
    made = await (await connection.execute(queries.sample_made)).fetchone()
    touching: list[tuple[str, str]] = []
    if not only_own:
        services = sorted({service for row in rows for service in row[3]})
        values = {"ids": list(ids), "begins": since - LEAD, "ends": until, "services": services}
        touching = [(row[0], row[1]) for row in await (await connection.execute(queries.touching, values)).fetchall()]
    return Timeline(
        incidents=ids,
        resources=(*ids, *(row[0] for row in alerts), *await paging.page_ids(connection, ids)),
        sources=sources([(row[0], row[1]) for row in pairs], audiences, permissions, kinds),
        since=since,
        until=until,
        lower=max(lower, made[0] if made is not None else FIRST),
        upper=upper,
        window=window,
        own_bounds=await bounds(connection, first, last),
        only_own=only_own or story,
        touching=tuple(touching),
    )


async def older(connection: Connection, of: Timeline, below: int, limit: int) -> list[int]:
    """Up to ``limit`` positions under one, downwards."""
    return await _positions(connection, queries.older, of, below, limit)


async def newer(connection: Connection, of: Timeline, above: int, limit: int) -> list[int]:
    """Up to ``limit`` positions over one, upwards."""
    return await _positions(connection, queries.newer, of, above, limit)


async def pinned(connection: Connection, of: Timeline, above: int = FIRST, below: int = LAST) -> list[int]:
    """Positions of all entries that tell the story, between two."""
    values = {"incidents": list(of.incidents), "above": above, "below": below}
    return [row[0] for row in await (await connection.execute(queries.pinned, values)).fetchall()]


async def _positions(connection: Connection, statement: Any, of: Timeline, start: int, limit: int) -> list[int]:
    wide = () if of.only_own else tuple(each for each in of.sources if not each.own)
    values = {
        "wide_actions": [each.action for each in wide],
        "wide_types": [each.resource_type for each in wide],
        "own_actions": [each.action for each in of.sources],
        "own_types": [each.resource_type for each in of.sources],
        "ids": [*of.resources, *(each for _, each in of.touching)],
        "id_types": [*(None for _ in of.resources), *(each for each, _ in of.touching)],
        "begins": of.since - LEAD,
        "from": of.since,
        "to": of.until,
        "lower": of.lower,
        "upper": of.upper,
        "own_from": of.window[0],
        "own_to": of.window[1],
        "own_lower": of.own_bounds[0],
        "own_upper": of.own_bounds[1],
        "start": start,
        "limit": limit,
    }
    return [row[0] for row in await (await connection.execute(statement, values)).fetchall()]


async def entries(connection: Connection, of: Timeline, positions: Sequence[int]) -> list[TimelineEntry | Unreadable]:
    """The entries at these positions, in their order; those that whoever asks may not read are left out."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"positions": array(positions), "incidents": list(of.incidents)}
        await cursor.execute(queries.entries, values)
        found = {row["position"]: row for row in await cursor.fetchall()}
    shown = {(each.action, each.resource_type) for each in of.sources}
    rows = (found[position] for position in positions if position in found)
    return [_entry(row, of) for row in rows if (row["action"], row["resource_type"]) in shown]


def _entry(row: dict[str, Any], of: Timeline) -> TimelineEntry | Unreadable:
    return read_row(lambda **values: TimelineEntry(**_values(values, of)), row)


def _values(row: Mapping[str, Any], of: Timeline) -> dict[str, Any]:
    kind = kind_of(row["action"], row["resource_type"])
    assert kind is not None  # noqa: S101 - only sources are read
    own = row["resource_id"] in of.resources
    merged = row["resource_id"] if row["resource_id"] in of.incidents[1:] else None
    severity = (row["after"] or {}).get("severity") if row["resource_type"] == "alert" else None
    return {
        **row,
        "kind": kind,
        "occurred_at": occurred_at(row),
        "recorded_at": row["at"],
        "text": text_of(row, kind, own=own),
        "own": own,
        "incident_id": merged,
        "severity": severity,
        "details": details_of(row, own=own),
    }


async def entry_at(connection: Connection, of: Timeline, position: int) -> int:
    """The position, when an entry of the timeline is there; raises ProblemError 404."""
    if not FIRST < position < LAST or await older(connection, of, position + 1, 1) != [position]:
        raise ProblemError(Code.NOT_FOUND, NO_ENTRY)
    return position


async def entry(connection: Connection, of: Timeline, position: int) -> TimelineEntry:
    """One entry of a timeline; raises ProblemError 404."""
    return the_one(await entries(connection, of, [position]), NO_ENTRY)


async def lanes(
    connection: Connection, of: Timeline, *, since: datetime, until: datetime, buckets: int
) -> TimelineLanes:
    """How many entries of each kind there are in each of so many stretches. An end before the beginning: 422."""
    if until <= since:
        raise invalid("query:to", "the end lies after the beginning")
    lower, upper = await bounds(connection, since, until)
    made = await (await connection.execute(queries.sample_made)).fetchone()
    values = {
        "actions": [each.action for each in of.sources],
        "types": [each.resource_type for each in of.sources],
        "kinds": [each.kind for each in of.sources],
        "own": [each.own or of.only_own for each in of.sources],
        "ids": [*of.resources, *(each for _, each in of.touching)],
        "from": since,
        "to": until,
        "buckets": buckets,
        "made": made[0] if made is not None else FIRST,
        "lower": lower,
        "upper": upper,
    }
    counts = {kind: [0] * buckets for kind in TimelineKind}
    for kind, bucket, count in await (await connection.execute(queries.lanes, values)).fetchall():
        counts[TimelineKind(kind)][bucket - 1] += count
    _, now = await newest(connection)
    shown = tuple(Lane(kind=kind, counts=tuple(found)) for kind, found in counts.items())
    return TimelineLanes.model_validate({"from": since, "to": until, "lanes": shown, "as_of": now})


async def newest(connection: Connection) -> tuple[int, datetime]:
    """The newest position of the log, and the database's clock."""
    row = await (await connection.execute(queries.newest)).fetchone()
    assert row is not None  # noqa: S101 - the migration puts the row there
    return row[0], row[1]
