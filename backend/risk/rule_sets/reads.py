"""Reading rule sets."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row, tuple_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row
from models.core.problems import Code
from models.risk.rules import (
    FraudRule,
    RuleSet,
    RuleSetState,
    RuleSetSummary,
)

queries = load_queries(__package__)


async def find_rule_set(connection: Connection, rule_set_id: UUID) -> RuleSet:
    """The set with its rules; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(RuleSet)) as cursor:
        await cursor.execute(queries.rule_set, {"rule_set_id": rule_set_id})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such rule set.")
    return found


async def published_id(connection: Connection) -> UUID:
    """Which set decides now; there is always one."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        row = await (await cursor.execute(queries.published_id)).fetchone()
    assert row is not None  # noqa: S101 - the migration published one, and publishing another replaces it
    found: UUID = row[0]
    return found


async def rule_sets(
    connection: Connection, *, states: Sequence[RuleSetState], before: int | None, limit: int
) -> list[RuleSetSummary | Unreadable]:
    """Rule sets in some states without their rules, newest number first, below the number ``before``."""
    async with connection.cursor(row_factory=lenient_row(RuleSetSummary)) as cursor:
        await cursor.execute(queries.rule_sets_page, {"states": states, "before": before, "limit": limit})
        return await cursor.fetchall()


async def published_rules(connection: Connection) -> tuple[FraudRule, ...]:
    """The rules that decide now."""
    return (await find_rule_set(connection, await published_id(connection))).rules
