"""Reading templates."""

from __future__ import annotations

from psycopg.rows import class_row

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.launch.templates import queries
from models.core.permissions import Permission, permission_words
from models.core.problems import Code
from models.launch.templates import LaunchTemplate, TemplateContent, TemplateSummary


async def templates(connection: Connection) -> list[TemplateSummary | Unreadable]:
    """Every template by its newest version, by key."""
    async with connection.cursor(row_factory=lenient_row(TemplateSummary)) as cursor:
        await cursor.execute(queries.newest)
        return await cursor.fetchall()


async def template(connection: Connection, key: str, version: int | None = None) -> LaunchTemplate:
    """A version of a template, the newest when none is named. Raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(LaunchTemplate)) as cursor:
        await cursor.execute(queries.template, {"key": key, "version": version})
        return the_one(await cursor.fetchall(), "There is no such template.")


async def content(connection: Connection, key: str) -> TemplateContent | None:
    """What the newest version of a template says; ``None`` when there is none."""
    try:
        return (await template(connection, key)).content
    except ProblemError as error:
        if error.code is Code.NOT_FOUND:
            return None
        raise


async def roles_problem(connection: Connection, roles: set[str], permission: Permission) -> str | None:
    """Which of these roles could never do it, in words; ``None`` when all can."""
    cursor = await connection.execute(queries.roles_with, {"roles": sorted(roles), "permission": permission})
    may: dict[str, bool] = dict(await cursor.fetchall())
    if missing := roles - may.keys():
        return f"there is no role {min(missing)}"
    if powerless := [role for role in sorted(roles) if not may[role]]:
        return f"the role {powerless[0]} lacks the permission “{permission_words(permission)}”; give it that first"
    return None
