"""Reading lists, breakers and the policy."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row
from models.core.problems import Code
from models.risk.rules import ListEntry, RiskList, RiskPolicy
from models.risk.suppression import Breaker

queries = load_queries(__package__)


async def find_list(connection: Connection, list_id: str) -> RiskList:
    """A list. Raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(RiskList)) as cursor:
        await cursor.execute(queries.lists, {"list_id": list_id, "after": None, "limit": 1})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such list.")
    return found


async def find_policy(connection: Connection) -> RiskPolicy:
    """The policy of the queue."""
    async with connection.cursor(row_factory=class_row(RiskPolicy)) as cursor:
        await cursor.execute(queries.policy)
        found = await cursor.fetchone()
    assert found is not None  # noqa: S101 - the row is there from the first migration on
    return found


async def lists(connection: Connection, *, after: str | None, limit: int) -> list[RiskList | Unreadable]:
    """The lists by id, each with the rules that ask it."""
    async with connection.cursor(row_factory=lenient_row(RiskList)) as cursor:
        await cursor.execute(queries.lists, {"list_id": None, "after": after, "limit": limit})
        return await cursor.fetchall()


async def entries(
    connection: Connection, list_id: str, *, value: str | None, before: UUID | None, limit: int
) -> list[ListEntry | Unreadable]:
    """What is on a list, newest first; only a ``value``, as orders have it, when one is given."""
    async with connection.cursor(row_factory=lenient_row(ListEntry)) as cursor:
        values = {"list_id": list_id, "value": value, "before": before, "limit": limit}
        await cursor.execute(queries.entries, values)
        return await cursor.fetchall()


async def breakers(connection: Connection) -> list[Breaker | Unreadable]:
    """Rules that went past their cap, oldest first."""
    async with connection.cursor(row_factory=lenient_row(Breaker)) as cursor:
        await cursor.execute(queries.breakers)
        return await cursor.fetchall()
