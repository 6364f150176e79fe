"""Swap requests. Until one is taken it changes nothing; taking it writes two overrides in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.database import Connection, Database
from backend.core.http import known_id
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.rows import the_one
from backend.core.settings import Settings
from backend.oncall import resolver
from backend.oncall.people import known_people, names_of, spoken
from backend.oncall.reach import check_reach
from backend.oncall.schedules.actions import add_override, hold
from backend.oncall.schedules.effect import people_over
from backend.oncall.schedules.loading import load
from backend.oncall.swaps import queries, reads
from models.core.permissions import Permission
from models.core.problems import Code
from models.oncall.schedules import InsteadOf, OverrideRequest, Swap, SwapDecision, SwapRequest, SwapState

LAPSES: Final = SetAside("on-call swaps")


@dataclass(frozen=True, slots=True)
class Swapper:
    """Whoever asks or decides; people swap their own shifts, and those who manage on-call everybody's."""

    id: str
    manages: bool


async def ask(tx: Connection, *, who: Swapper, request: SwapRequest) -> UUID:
    """Ask for a swap. Of a shift that is not theirs: 422, and who is on then is named. For somebody else: 403."""
    person = request.person or who.id
    _only_own(who, {person}, "ask for a swap of somebody else's shift")
    if request.to == person:
        raise invalid("/to", "a swap is between two people")
    await known_people(tx, [person], "/person")
    await known_people(tx, [] if request.to is None else [request.to], "/to")
    held = await hold(tx, known_id(request.schedule_id, "schedule"))
    if request.start <= held.now:
        raise invalid("/start", "what is given lies ahead")
    check_reach(request.end, held.now, "/end")
    await _is_on(tx, held.id, person, request.start, request.end, "/start")
    if request.back_start is not None and request.back_end is not None and request.to is not None:
        if request.back_start <= held.now:
            raise invalid("/backStart", "what is taken for it lies ahead")
        check_reach(request.back_end, held.now, "/backEnd")
        await _is_on(tx, held.id, request.to, request.back_start, request.back_end, "/backStart")
    values = request.model_dump() | {"schedule_id": held.id, "person": person, "actor": who.id}
    row = await (await tx.execute(queries.insert_swap, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await _record(tx, who.id, await reads.swap(tx, row[0]), SwapState.REQUESTED)
    swap_id: UUID = row[0]
    return swap_id


async def decide(tx: Connection, *, who: Swapper, swap_id: UUID, version: int, request: SwapDecision) -> None:
    """Take it, decline it or withdraw it. Decided otherwise or begun already: 409. Not theirs: 403. Stale: 412."""
    if await (await tx.execute(queries.lock_swap, {"swap_id": swap_id})).fetchone() is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such swap request.")
    swap = await reads.swap(tx, swap_id)
    if swap.state is not SwapState.REQUESTED:
        if (swap.state, swap.decided_by) == (request.decision, who.id):
            audit_trail.nothing_changed()
            return
        raise ProblemError(Code.CONFLICT, f"This swap request is {swap.state} already.")
    same_version(swap.version, version)
    match request.decision:
        case SwapState.WITHDRAWN:
            _only_own(who, {swap.person}, "withdraw somebody else's request")
        case SwapState.DECLINED:
            _only_own(who, {swap.to}, "decline what somebody else was asked")
        case SwapState.TAKEN:
            await _take(tx, who, swap)
    await _end(tx, who.id, swap, request.decision, request.comment)


async def lapse(database: Database, _settings: Settings) -> None:
    """End requests whose shift has begun; a turn of the worker."""
    async with database.transaction() as tx:
        rows = await (await tx.execute(queries.lapsed)).fetchall()

        async def end(row: tuple[UUID]) -> None:
            await _end(tx, audit_trail.WORKER, await reads.swap(tx, row[0]), SwapState.LAPSED, "")

        await LAPSES.each(tx, rows, end, key=lambda row: row[0])


async def _take(tx: Connection, who: Swapper, swap: Swap) -> None:
    if swap.to is not None:
        _only_own(who, {swap.to}, "take what somebody else was asked")
    taker = swap.to or who.id
    if taker == swap.person:
        raise ProblemError(Code.CONFLICT, "Nobody takes their own shift: withdraw the request.")
    held = await hold(tx, UUID(swap.schedule_id))
    if swap.start <= held.now:
        raise ProblemError(Code.CONFLICT, "The shift has begun already.")
    reason = swap.reason or "Swap"
    halves = [(swap.start, swap.end, swap.person, taker)]
    if swap.back_start is not None and swap.back_end is not None:
        halves.append((swap.back_start, swap.back_end, taker, swap.person))
    for start, end, gives, takes in halves:
        override = OverrideRequest(
            start=start, end=end, people=(takes,), instead_of=InsteadOf.PERSON, person=gives, reason=reason
        )
        try:
            await add_override(tx, actor=who.id, schedule_id=held.id, request=override, swap_id=UUID(swap.id))
        except ProblemError as error:
            # Asked for rightly, and the roster has changed since.
            raise ProblemError(Code.CONFLICT, f"It can no longer be taken. {error.detail}") from error


def _only_own(who: Swapper, people: set[str | None], what: str) -> None:
    if who.id not in people and not who.manages:
        raise ProblemError(
            Code.PERMISSION_MISSING, f"Only those who manage on-call {what}.", permission=Permission.MANAGE_ONCALL
        )


async def _is_on(tx: Connection, schedule_id: UUID, person: str, start: datetime, end: datetime, pointer: str) -> None:
    loaded = the_one(await load(tx, start, end, [schedule_id]), "There is no such schedule.")
    on = people_over(loaded.schedule, resolver.ticks(start), resolver.ticks(end))
    if person not in on:
        names = await names_of(tx, {*on, person})
        who = spoken(sorted(names[each] for each in on))
        raise invalid(pointer, f"{names[person]} is not on call then: {who} {'are' if len(on) > 1 else 'is'}")


async def _end(tx: Connection, actor: str, swap: Swap, state: SwapState, comment: str) -> None:
    taker = actor if state is SwapState.TAKEN else None
    values = {"swap_id": UUID(swap.id), "state": state, "to": taker, "actor": actor, "comment": comment}
    await tx.execute(queries.decide_swap, values)
    await _record(tx, actor, await reads.swap(tx, UUID(swap.id)), state)


async def _record(tx: Connection, actor: str, swap: Swap, what: SwapState) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"oncall.swap.{what}",
        resource_type="swap_request",
        resource_id=swap.id,
        label=swap.schedule_name,
        version=swap.version,
        after=swap.model_dump(mode="json", by_alias=True),
        reason=swap.comment or None,
    )
