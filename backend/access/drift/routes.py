"""``/api/operations/rbac/drift``: access in outside systems against the roles here."""

from __future__ import annotations

from typing import Annotated

from psycopg.rows import class_row

from backend.access.drift.actions import queries
from backend.core.clock import clock
from backend.core.dependencies import Read
from backend.core.http import operations_router
from backend.core.security import Principal, require
from models.access import AccessDifference, AccessDrift, AccessReport
from models.core.permissions import Permission

router = operations_router("/api/operations/rbac", "rbac")

Auditor = Annotated[Principal, require(Permission.VIEW_AUDIT)]


@router.get("/drift")
async def get_drift(_principal: Auditor, connection: Read) -> AccessDrift:
    """Where what outside systems report about access differs from the assignments here."""
    async with connection.cursor(row_factory=class_row(AccessReport)) as reports:
        await reports.execute(queries.reports)
        heard = tuple(await reports.fetchall())
    async with connection.cursor(row_factory=class_row(AccessDifference)) as rows:
        await rows.execute(queries.differences)
        return AccessDrift(reports=heard, differences=tuple(await rows.fetchall()), as_of=await clock(connection))
