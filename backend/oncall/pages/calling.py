"""Whom a step of a page calls at this moment, by which roster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.rows import readable
from backend.oncall import resolver
from backend.oncall.schedules import queries as schedules
from backend.oncall.schedules.loading import Loaded, load
from models.oncall.pages import RosterUsed
from models.oncall.policies import Target, TargetKind


@dataclass(frozen=True, slots=True)
class Called:
    """Who is called, and why these."""

    at: datetime
    people: tuple[str, ...]
    rosters: tuple[RosterUsed, ...]
    remarks: tuple[str, ...]


async def resolve_targets(tx: Connection, targets: Sequence[Target]) -> Called:
    """Whom targets name at this moment.

    The rosters are locked first, and the instant is taken afterwards; who changes a roster does the same. So a page
    never asks a roster that somebody is just changing.
    """
    known = (_id(each.id) for each in targets if each.kind is not TargetKind.PERSON)
    ids = sorted({each for each in known if each is not None})
    await tx.execute(schedules.lock_for_paging, {"ids": ids})
    now = await clock(tx)
    loaded = {str(each.id): each for each in readable(await load(tx, now, now + timedelta(microseconds=1), ids))}
    people: list[str] = []
    rosters: list[RosterUsed] = []
    remarks: list[str] = []
    for target in targets:
        if target.kind is TargetKind.PERSON:
            people.append(target.id)
            continue
        found = loaded.get(target.id)
        if found is None:
            remarks.append("A schedule of the policy cannot be read.")
            continue
        used = _used(found, target.kind, resolver.ticks(now))
        rosters.append(used)
        people += used.people
        if not used.people:
            remarks.append(f"Nobody was on call in {found.name}.")
    return Called(now, tuple(dict.fromkeys(people)), tuple(rosters), tuple(remarks))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _used(found: Loaded, kind: TargetKind, now: int) -> RosterUsed:
    answer = resolver.resolve(found.schedule, now)
    people: Iterable[str] = answer.people
    if kind is TargetKind.EVERYBODY and answer.revision is not None:
        people = {person for layer in answer.revision.layers for seat in layer.seats for person in seat}
    return RosterUsed(
        schedule_id=str(found.id),
        schedule_name=found.name,
        revision=0 if answer.revision is None else answer.revision.number,
        overrides=tuple(each.id for each in answer.overrides),
        people=tuple(sorted(people)),
    )
