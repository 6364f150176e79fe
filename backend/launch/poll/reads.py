"""Reading polls, and what consoles ask once a second."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.capability import Criteria
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.core.settings import Settings
from backend.launch.checklist import reads as checklist
from backend.launch.clock import reads as clocks
from backend.launch.evidence import bound, evaluate, is_live
from backend.launch.launches import reads as launches
from backend.launch.poll import queries
from backend.launch.poll.verdict import as_of, judge, lease
from models.launch import Launch
from models.launch.criteria import CriterionUnit, Evidence
from models.launch.poll import LaunchStatus, Poll, PollState, RollCallVote, Standing


async def polls(
    connection: Connection,
    launch_id: UUID | str,
    *,
    poll_id: UUID | str | None = None,
    below: int | None = None,
    limit: int = 1,
) -> list[Poll | Unreadable]:
    """Polls of a launch, the last one first."""
    async with connection.cursor(row_factory=lenient_row(Poll)) as cursor:
        await cursor.execute(
            queries.polls, {"launch_id": launch_id, "poll_id": poll_id, "round": below, "limit": limit}
        )
        return await cursor.fetchall()


async def poll(connection: Connection, launch_id: UUID | str, poll_id: UUID | str) -> Poll:
    """A poll of a launch; raises ProblemError 404."""
    return the_one(await polls(connection, launch_id, poll_id=poll_id), "There is no such poll.")


async def latest(connection: Connection, launch_id: UUID | str) -> Poll | None:
    """The open poll, or the last one; ``None`` before the first."""
    found = await polls(connection, launch_id)
    return the_one(found, "") if found else None


async def roll_call(connection: Connection, launch: Launch, poll_id: str | None) -> tuple[RollCallVote, ...]:
    """Every role in its order, voted or not."""
    cast = {}
    if poll_id is not None:
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(queries.votes, {"poll_id": poll_id})
            cast = {row["role"]: row for row in await cursor.fetchall()}
    return tuple(
        RollCallVote.model_validate(
            {
                **_NOT_VOTED,
                **cast.get(each.role, {}),
                "role": each.role,
                "name": each.name,
                "short_name": each.short_name,
                "director": each.director,
            }
        )
        for each in launch.roll
    )


_NOT_VOTED = {
    "choice": None,
    "standing": Standing.NOT_VOTED,
    "person": None,
    "person_name": None,
    "reason": None,
    "at": None,
    "second_factor_at": None,
    "delegated_by": None,
    "evidence_version": None,
    "changed_at": None,
    "changed": (),
    "override": None,
    "version": 0,
}


async def evidence(connection: Connection, launch: Launch, known: Criteria, poll_id: str) -> tuple[Evidence, ...]:
    """The bound figures of a poll as they were evaluated last."""
    definitions = {each.key: each for each in bound(launch.criteria)}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.evidence, {"poll_id": poll_id})
        rows = await cursor.fetchall()
    found = []
    for row in rows:
        each = definitions[row["key"]]
        declared = known.get(each.criterion)
        found.append(
            Evidence(
                **row,
                criterion=each.criterion,
                label=each.label,
                short_label=each.short_label,
                unit=CriterionUnit(declared.unit if declared else "count"),
                live=is_live(row["data_through"], row["evaluated_at"]),
                binds=each.binds,
            )
        )
    return tuple(found)


async def status(connection: Connection, settings: Settings, known: Criteria, launch: Launch) -> LaunchStatus:
    """How a launch stands at this moment."""
    current = await latest(connection, launch.launch_id)
    polled = current is not None and current.state is PollState.OPEN
    if current is not None and polled:
        figures = await evidence(connection, launch, known, current.poll_id)
    else:
        figures = await evaluate(connection, settings, known, bound(launch.criteria), faults=launch.faults)
    votes = await roll_call(connection, launch, None if current is None else current.poll_id)
    # Taken last: what was read before is not older than it says.
    now = await clock(connection)
    figures = tuple(as_of(each, now) for each in figures)
    at = await clocks.clock_at(connection, launch, now)
    inside = checklist.inside_of(figures)
    counts = await checklist.counts(connection, launch.launch_id, at.reading, inside)
    late = await checklist.late(connection, launch.launch_id, at.reading, inside) if counts.blocking_late else []
    return LaunchStatus(
        launch_id=launch.launch_id,
        launch_version=launch.version,
        clock=clocks.shown(at),
        poll=current,
        roll_call=votes,
        next_role=_next_role(votes) if polled else None,
        evidence=figures,
        checklist=counts,
        verdict=judge(current, votes, counts, late, figures, now),
        as_of=now,
        valid_until=lease(figures) if polled else None,
    )


async def status_of(connection: Connection, settings: Settings, known: Criteria, launch_id: UUID | str) -> LaunchStatus:
    """As ``status``; raises ProblemError 404."""
    return await status(connection, settings, known, await launches.launch(connection, launch_id))


def _next_role(votes: Sequence[RollCallVote]) -> str | None:
    return next((vote.role for vote in votes if vote.standing is not Standing.COUNTED), None)


def etag(found: LaunchStatus) -> str:
    """Names what a status says, but for what goes on by itself with the clock of whoever reads it."""
    plain = found.model_dump(
        mode="json",
        exclude={
            "as_of": True,
            "valid_until": True,
            "clock": {"as_of", "next_hold_at", "projected_zero_at", *(("reading",) if found.clock.zero_at else ())},
        },
    )
    for each in plain["evidence"]:
        del each["evaluated_at"]
        if each["live"]:
            del each["data_through"], each["good_until"], each["late_at"]
        if each["unit"] == CriterionUnit.SECONDS and each["value"] is not None:
            each["value"] //= 60  # an age grows by itself
    return f'W/"{hashlib.sha256(repr(plain).encode()).hexdigest()[:32]}"'
