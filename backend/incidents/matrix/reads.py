"""Reading the severity matrix."""

from __future__ import annotations

from psycopg.rows import class_row

from backend.core.database import Connection
from backend.incidents.matrix import queries
from models.incidents import IncidentSeverity
from models.incidents.matrix import SeverityLevel, SeverityMatrix


async def matrix(connection: Connection) -> SeverityMatrix:
    """All of it."""
    async with connection.cursor(row_factory=class_row(SeverityMatrix)) as cursor:
        await cursor.execute(queries.matrix)
        found = await cursor.fetchone()
    assert found is not None  # noqa: S101 - the migration puts the row there
    return found


async def level(connection: Connection, severity: IncidentSeverity) -> SeverityLevel:
    """What one severity sets off."""
    found = await matrix(connection)
    return next(each for each in found.levels if each.severity is severity)
