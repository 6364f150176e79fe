"""What others ask about reviews."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import dict_row

from backend.access.reads import assignment
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from models.access import AccessReview
from models.core.problems import Code

queries = load_queries(__package__)


async def review(connection: Connection, review_id: UUID) -> AccessReview:
    """The review; raises ProblemError 404."""
    found = await reviews(connection, review_id=review_id)
    if not found:
        raise ProblemError(Code.NOT_FOUND, "There is no such review.")
    return found[0]


async def reviews(
    connection: Connection, *, review_id: UUID | None = None, open_only: bool | None = None
) -> list[AccessReview]:
    """Reviews, newest first, 200 at most."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.reviews, {"review_id": review_id, "open": open_only})
        rows = await cursor.fetchall()
    return [AccessReview(assignment=await assignment(connection, row.pop("assignment_id")), **row) for row in rows]
