"""Reading reviews: what people wrote, and what the records say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from backend.core.capability import Audiences
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.incidents.reviews import queries
from backend.incidents.timeline import reads as timeline
from models.core.permissions import Permission
from models.core.problems import Code
from models.incidents.reviews import (
    ActionItem,
    AffectedFigure,
    IncidentReview,
    ReviewFigures,
    ReviewMoment,
    ReviewState,
    ReviewSummary,
)

if TYPE_CHECKING:
    from backend.core.security import Principal

NO_REVIEW = "This incident has no review yet."
NO_ACTION = "There is no such action item."
_PUBLIC = frozenset({Permission.VIEW_INCIDENTS, Permission.VIEW_DASHBOARD})
"""What everybody may who reads a review: moments of a story are the same for all of its readers."""


async def review(connection: Connection, incident_id: UUID, audiences: Audiences) -> IncidentReview:
    """The review of an incident; raises ProblemError 404.

    Until it is submitted, figures and moments are what the records and the pinned entries say now.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.review, {"incident_id": incident_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, NO_REVIEW)
    if row["figures"] is None:
        row["figures"] = await figures(connection, incident_id)
        row["moments"] = await moments(connection, incident_id, audiences)
    return IncidentReview(**row)


async def figures(connection: Connection, incident_id: UUID) -> ReviewFigures:
    """What the records say of an incident."""
    async with connection.cursor(row_factory=class_row(AffectedFigure)) as cursor:
        await cursor.execute(queries.affected, {"incident_id": incident_id})
        affected = tuple(await cursor.fetchall())
    async with connection.cursor(row_factory=dict_row) as rows:
        await rows.execute(queries.figures, {"incident_id": incident_id})
        row: dict[str, Any] | None = await rows.fetchone()
    assert row is not None  # noqa: S101 - the incident is there
    return ReviewFigures(**row, figures=affected)


async def moments(connection: Connection, incident_id: UUID, audiences: Audiences) -> tuple[ReviewMoment, ...]:
    """The entries that tell the story, oldest first; a correction stands in the place of what it corrects."""
    of = await timeline.timeline(connection, incident_id, audiences=audiences, permissions=_PUBLIC)
    found = readable(await timeline.entries(connection, of, await timeline.pinned(connection, of)))
    told = []
    for entry in found:
        last = entry.corrections[-1] if entry.corrections else None
        at = entry.occurred_at if last is None or last.occurred_at is None else last.occurred_at
        told.append(ReviewMoment(position=entry.position, at=at, text=entry.text if last is None else last.text))
    return tuple(sorted(told, key=lambda moment: (moment.at, moment.position)))


async def reviews(
    connection: Connection, *, states: Collection[ReviewState] | None, below: int | None, limit: int
) -> list[ReviewSummary | Unreadable]:
    """Reviews of incidents with a number below that of the last one of the page before, newest first."""
    values = {"states": None if states is None else [str(each) for each in states], "below": below, "limit": limit}
    async with connection.cursor(row_factory=lenient_row(ReviewSummary)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def action(connection: Connection, action_id: UUID) -> ActionItem:
    """One action item; raises ProblemError 404."""
    return the_one(await _actions(connection, action_id=action_id, limit=1), NO_ACTION)


async def actions(
    connection: Connection,
    *,
    incident_id: UUID | None = None,
    owner: str | None = None,
    is_open: bool | None = None,
    after: tuple[date | None, UUID | None] = (None, None),
    limit: int,
) -> Sequence[ActionItem | Unreadable]:
    """Action items, the one due first before the others, behind the last one of the page before."""
    return await _actions(
        connection, incident_id=incident_id, owner=owner, open=is_open, due_on=after[0], after=after[1], limit=limit
    )


async def _actions(connection: Connection, **wanted: object) -> list[ActionItem | Unreadable]:
    values = dict.fromkeys(("action_id", "incident_id", "owner", "open", "due_on", "after")) | wanted
    async with connection.cursor(row_factory=lenient_row(ActionItem)) as cursor:
        await cursor.execute(queries.actions, values)
        return await cursor.fetchall()


async def count_waiting(connection: Connection, principal: Principal) -> int:
    """How many reviews wait for somebody's approval."""
    row = await (await connection.execute(queries.count_waiting, {"actor": principal.user_id})).fetchone()
    assert row is not None  # noqa: S101 - a count is one row
    return int(row[0])
