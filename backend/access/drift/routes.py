"""``/api/operations/rbac/drift``: access in outside systems against the roles here."""

from __future__ import annotations

from typing import Annotated

from backend.access.drift import reads
from backend.core.clock import clock
from backend.core.dependencies import Read
from backend.core.http import operations_router
from backend.core.rows import left_out, readable
from backend.core.security import Principal, require
from models.access import AccessDrift
from models.core.permissions import Permission

router = operations_router("/api/operations/rbac", "rbac")

Auditor = Annotated[Principal, require(Permission.VIEW_AUDIT)]


@router.get("/drift")
async def get_drift(_principal: Auditor, connection: Read) -> AccessDrift:
    """Where what outside systems report about access differs from the assignments here."""
    reports, differences = await reads.reports(connection), await reads.differences(connection)
    return AccessDrift(
        reports=readable(reports),
        differences=readable(differences),
        left_out=left_out((*reports, *differences)),
        as_of=await clock(connection),
    )
