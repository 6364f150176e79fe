"""What others ask about reviews."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import dict_row

from backend.access.reads import assignments
from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, read_row, the_one
from models.access import AccessReview

queries = load_queries(__package__)


async def review(connection: Connection, review_id: UUID) -> AccessReview:
    """The review; raises ProblemError 404."""
    return the_one(await reviews(connection, review_id=review_id), "There is no such review.")


async def reviews(
    connection: Connection, *, review_id: UUID | None = None, open_only: bool | None = None
) -> list[AccessReview | Unreadable]:
    """Reviews, newest first, 200 at most."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.reviews, {"review_id": review_id, "open": open_only})
        rows = await cursor.fetchall()
    found = []
    for row in rows:
        (granted,) = await assignments(connection, assignment_id=row.pop("assignment_id"))
        found.append(read_row(AccessReview, row | {"assignment": granted}))
    return found
