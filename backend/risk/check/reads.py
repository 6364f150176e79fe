"""Reading decisions about orders."""

from __future__ import annotations

from psycopg.rows import dict_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from models.core.problems import Code
from models.risk.rules import Decision

queries = load_queries(__package__)


async def find_decision(connection: Connection, order_id: str) -> Decision:
    """The decision about an order. Raises ProblemError 404."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.decision, {"order_id": order_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "No order with this id was checked.")
    return Decision.model_validate(row)
