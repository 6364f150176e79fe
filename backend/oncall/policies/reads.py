"""Reading escalation policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.oncall import resolver
from backend.oncall.people import names_of
from backend.oncall.policies import queries
from models.oncall.policies import DoubleBooking, Policy, PolicyVersion, StepFigures


async def policies(
    connection: Connection,
    *,
    archived: bool = False,
    policy_id: UUID | None = None,
    after: tuple[str | None, UUID | None] = (None, None),
    limit: int = 1,
) -> list[Policy | Unreadable]:
    """Policies by name, after the one given."""
    wanted = {
        "archived": archived,
        "policy_id": policy_id,
        "after_name": after[0],
        "after_id": after[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(Policy)) as cursor:
        await cursor.execute(queries.list_policies, wanted)
        found = await cursor.fetchall()
    answered = defaultdict(list)
    rows = await connection.execute(queries.answered, {"ids": [each.id for each in readable(found)]})
    for key, step, count in await rows.fetchall():
        answered[key].append((step, count))
    return [each if isinstance(each, Unreadable) else _with_figures(each, answered[each.id]) for each in found]


def _with_figures(policy: Policy, answered: Sequence[tuple[int, int]]) -> Policy:
    last = len(policy.definition.steps)
    figures = (StepFigures(step=last if step < 0 else step, acknowledged=count) for step, count in answered)
    return policy.model_copy(update={"answered": tuple(sorted(figures, key=lambda each: each.step))})


async def policy(connection: Connection, policy_id: UUID) -> Policy:
    """One; raises ProblemError 404."""
    return the_one(await policies(connection, policy_id=policy_id), "There is no such escalation policy.")


async def versions(
    connection: Connection, policy_id: UUID, *, before: int | None, limit: int
) -> list[PolicyVersion | Unreadable]:
    """Every version of a policy, the newest first."""
    async with connection.cursor(row_factory=lenient_row(PolicyVersion)) as cursor:
        await cursor.execute(queries.list_versions, {"policy_id": policy_id, "before": before, "limit": limit})
        return await cursor.fetchall()


async def double_bookings(
    connection: Connection, rosters: Mapping[str, Sequence[resolver.Span]]
) -> tuple[DoubleBooking, ...]:
    """Who is on in two schedules of one policy at once. ``rosters`` by schedule."""
    found = []
    rows = await (await connection.execute(queries.schedules_of_policies)).fetchall()
    for policy_id, policy_name, ids in rows:
        mine = {each: rosters[each] for each in ids if each in rosters}
        if len(mine) > 1:
            found += [(policy_id, policy_name, *each) for each in resolver.double_bookings(mine)]
    names = await names_of(connection, [each[2] for each in found])
    return tuple(
        DoubleBooking(
            policy_id=policy_id,
            policy_name=policy_name,
            person=person,
            person_name=names[person],
            schedule_ids=tuple(sorted(schedules)),
            start=resolver.moment(start),
            end=resolver.moment(end),
        )
        for policy_id, policy_name, person, schedules, start, end in found
    )
