"""What changes who is on call. Each change locks the schedule first and takes its instant afterwards, as pages do.

The past is never rewritten: a revision begins when it is recorded or later, an override acts from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.alerts import clear_condition
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.rows import the_one
from backend.oncall import resolver
from backend.oncall.definitions import to_layer
from backend.oncall.people import known_people, names_of
from backend.oncall.reach import check_reach
from backend.oncall.schedules import queries, reads
from backend.oncall.schedules.effect import effect_blocker, warnings
from backend.oncall.schedules.loading import Loaded, load
from backend.oncall.tzdata import is_zone
from models.core.problems import Code
from models.oncall.schedules import (
    Definition,
    OverrideMade,
    OverrideRequest,
    RevisionRequest,
    ScheduleChange,
    ScheduleRequest,
    TurnCount,
)

MISSING = "There is no such schedule."
COUNTED_MOST: Final = 50_000
"""Turns and windows until now, where only turns that work count: some seconds of work, once in a process."""
COVER = "oncall.cover"
"""Of alerts about holes in what must be covered."""


@dataclass(frozen=True, slots=True)
class Held:
    """A schedule that is locked, and the instant from which on what is done about it holds."""

    id: UUID
    name: str
    team: str
    zone: str
    archived_at: datetime | None
    version: int
    now: datetime


async def hold(tx: Connection, schedule_id: UUID, version: int | None = None) -> Held:
    """Lock a schedule; raises ProblemError 404, and 412 when it is not at the version given."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock_schedule, {"schedule_id": schedule_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, MISSING)
    if version is not None:
        same_version(row["version"], version)
    return Held(schedule_id, **row, now=await clock(tx))


async def create(tx: Connection, *, actor: str, request: ScheduleRequest, since: datetime | None = None) -> UUID:
    """A new schedule, in force ``since`` then or from now on."""
    await _check_name(tx, request.name, None)
    _check_zone(request.zone, "/zone")
    await _check_definition(tx, request.definition, await clock(tx))
    values = {"name": request.name, "team": request.team, "zone": request.zone, "actor": actor}
    row = await (await tx.execute(queries.insert_schedule, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    schedule_id: UUID = row[0]
    at = since or await clock(tx)
    await _insert_revision(tx, actor, schedule_id, at, at, "", request.definition)
    await _record(
        tx,
        actor,
        "schedule.created",
        schedule_id,
        request.name,
        1,
        after=request.model_dump(mode="json", by_alias=True),
    )
    return schedule_id


async def change(tx: Connection, *, actor: str, schedule_id: UUID, version: int, request: ScheduleChange) -> None:
    """What it is called and whom it is for. Stale: 412."""
    held = await hold(tx, schedule_id, version)
    before: dict[str, Any] = {
        "name": held.name,
        "team": held.team,
        "zone": held.zone,
        "archived": held.archived_at is not None,
    }
    given = request.model_dump(exclude_none=True)
    after = before | given
    if after == before:
        audit_trail.nothing_changed()
        return
    if not after["archived"]:
        await _check_name(tx, after["name"], schedule_id)
    _check_zone(after["zone"], "/zone")
    await tx.execute(queries.update_schedule, {"schedule_id": schedule_id, **after})
    if after["archived"]:
        await clear_condition(tx, source=COVER, key=str(schedule_id))
    now_at = await touch(tx, actor, held)
    await _record(tx, actor, "schedule.changed", schedule_id, after["name"], now_at, before=before, after=after)


async def revise(tx: Connection, *, actor: str, schedule_id: UUID, version: int, request: RevisionRequest) -> None:
    """Another definition from now or later on. In the past: 422. Undone by a revision that waits: 409. Stale: 412."""
    held = await hold(tx, schedule_id, version)
    await _check_definition(tx, request.definition, held.now)
    at = request.effective_at or held.now
    if at < held.now:
        raise invalid("/effectiveAt", "it lies in the past, where nothing is changed any more")
    check_reach(at, held.now, "/effectiveAt")
    loaded = await _loaded(tx, held, at, at)
    waiting = sorted({r.effective_at for r in loaded.schedule.revisions if r.effective_at > resolver.ticks(at)})
    if waiting and not request.also_waiting:
        when = resolver.moment(waiting[0])
        raise ProblemError(
            Code.CONFLICT,
            f"Another revision waits for {when.day} {when:%b %H:%M} UTC and would undo this one then. Change both, or "
            "that one.",
        )
    definition = _keep_turns(loaded, request.definition, at) if request.keep_turns else request.definition
    for effective in (at, *map(resolver.moment, waiting)):
        number = await _insert_revision(tx, actor, schedule_id, held.now, effective, request.reason, definition)
    await _record(
        tx,
        actor,
        "schedule.revised",
        schedule_id,
        held.name,
        await touch(tx, actor, held),
        after={
            "revision": number,
            "effectiveAt": at.isoformat(),
            "definition": definition.model_dump(mode="json", by_alias=True),
        },
        reason=request.reason,
    )


async def add_override(
    tx: Connection,
    *,
    actor: str,
    schedule_id: UUID,
    request: OverrideRequest,
    swap_id: UUID | None = None,
) -> OverrideMade:
    """Somebody else for a while. What could have no effect is refused (422), and who is on then is named."""
    held = await hold(tx, schedule_id)
    if held.archived_at is not None:
        raise ProblemError(Code.CONFLICT, f"“{held.name}” is archived: nobody is on call by it.")
    people = [*request.people, *([request.person] if request.person is not None else [])]
    await known_people(tx, people, "/people")
    if request.end <= held.now:
        raise invalid("/end", "it lies in the past, where nothing is changed any more")
    check_reach(request.end, held.now, "/end")
    loaded = await _loaded(tx, held, min(request.start, held.now), request.end)
    wanted = resolver.Override(
        id="new",
        start=resolver.ticks(request.start),
        end=resolver.ticks(request.end),
        people=frozenset(request.people),
        instead_of=request.instead_of,
        person=request.person,
        recorded_at=resolver.ticks(held.now),
    )
    on = {each for r in loaded.schedule.revisions for layer in r.layers for seat in layer.seats for each in seat}
    on |= {each for override in loaded.schedule.overrides for each in override.people}
    names = await names_of(tx, on.union(people))
    if (words := effect_blocker(loaded.schedule, wanted, names)) is not None:
        raise invalid("/person" if request.person is not None else "/people", words)
    values = {
        **request.model_dump(exclude={"people"}),
        "people": list(request.people),
        "schedule_id": schedule_id,
        "at": held.now,
        "actor": actor,
        "swap_id": swap_id,
    }
    row = await (await tx.execute(queries.insert_override, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    version = await touch(tx, actor, held)
    made = await reads.override(tx, row[0])
    await _record(
        tx,
        actor,
        "override.added",
        schedule_id,
        held.name,
        version,
        after=made.model_dump(mode="json", by_alias=True),
        reason=request.reason,
    )
    return OverrideMade(override=made, warnings=tuple(warnings(loaded.schedule, wanted, names)), version=version)


async def cancel_override(tx: Connection, *, actor: str, override_id: UUID) -> None:
    """End an override; of a swap, both of its overrides. One that is over: 409."""
    row = await (await tx.execute(queries.find_override, {"override_id": override_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such override.")
    held = await hold(tx, row[1])
    values = {"override_id": override_id, "swap_id": row[4], "at": held.now, "actor": actor}
    ended = await (await tx.execute(queries.cancel_overrides, values)).fetchall()
    if not ended:
        found = await reads.override(tx, override_id)
        if found.cancelled_at is not None:
            audit_trail.nothing_changed()
            return
        raise ProblemError(Code.CONFLICT, "This override is over: what it did stays.")
    await _record(
        tx,
        actor,
        "override.cancelled",
        held.id,
        held.name,
        await touch(tx, actor, held),
        after={"overrides": sorted(str(each[0]) for each in ended)},
    )


async def touch(tx: Connection, actor: str, held: Held) -> int:
    """A new version of a schedule that is held."""
    values = {"schedule_id": held.id, "actor": actor, "at": held.now}
    row = await (await tx.execute(queries.touch_schedule, values)).fetchone()
    assert row is not None  # noqa: S101 - it is locked
    return int(row[0])


async def _loaded(tx: Connection, held: Held, start: datetime, end: datetime) -> Loaded:
    return the_one(await load(tx, start, end, [held.id]), MISSING)


async def _insert_revision(
    tx: Connection,
    actor: str,
    schedule_id: UUID,
    recorded_at: datetime,
    effective_at: datetime,
    reason: str,
    definition: Definition,
) -> int:
    values = {
        "schedule_id": schedule_id,
        "recorded_at": recorded_at,
        "effective_at": effective_at,
        "actor": actor,
        "reason": reason,
        "definition": Jsonb(definition.model_dump(mode="json", by_alias=True)),
    }
    row = await (await tx.execute(queries.insert_revision, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    return int(row[0])


def _keep_turns(loaded: Loaded, definition: Definition, at: datetime) -> Definition:
    """The definition with its layers turned, so that whoever's turn it is stays on."""
    instant = resolver.ticks(at)
    revision = resolver.resolve(loaded.schedule, instant).revision
    before = {} if revision is None else {layer.name: layer for layer in revision.layers}
    layers = []
    for layer in definition.layers:
        wanted = to_layer(layer)
        turned = resolver.keep_turns(before[layer.name], wanted, instant) if layer.name in before else wanted
        seats = tuple(tuple(sorted(seat)) for seat in turned.seats)
        layers.append(layer if turned == wanted else layer.model_copy(update={"seats": seats}))
    return definition.model_copy(update={"layers": tuple(layers)})


async def _check_definition(tx: Connection, definition: Definition, now: datetime) -> None:
    counted = {
        number: layer.steps * max(0, (now.replace(tzinfo=None) - layer.anchor).days)
        for number, layer in enumerate(definition.layers)
        if layer.counting is TurnCount.WORKED
    }
    if sum(counted.values()) > COUNTED_MOST:
        longest = max(counted, key=lambda number: counted[number])
        words = "turns that work are counted from the first one on, and these are too many: begin nearer to now"
        raise invalid(f"/definition/layers/{longest}/anchor", words)
    for number, layer in enumerate(definition.layers):
        _check_zone(layer.zone, f"/definition/layers/{number}/zone")
        people = [each for seat in layer.seats for each in seat]
        await known_people(tx, people, f"/definition/layers/{number}/seats")
    if definition.cover is not None:
        _check_zone(definition.cover.zone, "/definition/cover/zone")


def _check_zone(zone: str, pointer: str) -> None:
    if not is_zone(zone):
        raise invalid(pointer, f"there is no time zone “{zone}”; they are called as Europe/Berlin is")


async def _check_name(tx: Connection, name: str, schedule_id: UUID | None) -> None:
    row = await (await tx.execute(queries.taken_name, {"name": name, "schedule_id": schedule_id})).fetchone()
    if row == (True,):
        raise invalid("/name", f"another schedule is called “{name}”")


async def _record(
    tx: Connection,
    actor: str,
    what: str,
    schedule_id: UUID,
    name: str,
    version: int,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any],
    reason: str | None = None,
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"oncall.{what}",
        resource_type="schedule",
        resource_id=str(schedule_id),
        label=name,
        version=version,
        before=before,
        after=after,
        reason=reason,
    )
