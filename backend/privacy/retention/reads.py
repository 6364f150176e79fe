"""Reading how long things are kept, and what would be removed today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from psycopg.rows import dict_row

from backend.core.capability import Retention
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.privacy.retention import queries
from models.core.problems import Code
from models.privacy.retention import RetentionRule


async def rules(connection: Connection, declared: Mapping[str, Retention]) -> tuple[RetentionRule, ...]:
    """All of them, by name."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.states)
        states = {row["name"]: row for row in await cursor.fetchall()}
    now = await clock(connection)
    found = []
    for name, rule in sorted(declared.items()):
        state = states.get(name) or {"enabled": False, "version": 1, "last_run_at": None, "last_rows": 0}
        found.append(
            RetentionRule(
                name=name,
                title=rule.title,
                days=rule.days,
                why=rule.why,
                enabled=state["enabled"],
                would_remove=await rule.count(connection, now - timedelta(days=rule.days)),
                last_run_at=state["last_run_at"],
                last_rows=state["last_rows"],
                version=state["version"],
            )
        )
    return tuple(found)


async def rule(connection: Connection, declared: Mapping[str, Retention], name: str) -> RetentionRule:
    """One of them. Raises ProblemError 404."""
    found = next((each for each in await rules(connection, declared) if each.name == name), None)
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such retention rule.")
    return found
