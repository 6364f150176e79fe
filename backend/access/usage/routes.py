"""``/api/operations/rbac/hints``: permissions nobody uses. Specification: "RBAC Foundation"."""

from __future__ import annotations

from typing import Annotated

from backend.access.usage import reads
from backend.core.clock import clock
from backend.core.dependencies import Read
from backend.core.http import operations_router
from backend.core.rows import left_out, readable
from backend.core.security import Principal, require
from models.access import UnusedPermissions
from models.core.paging import Page
from models.core.permissions import Permission

router = operations_router("/api/operations/rbac", "rbac")

Auditor = Annotated[Principal, require(Permission.VIEW_AUDIT)]


@router.get("/hints")
async def list_hints(_principal: Auditor, connection: Read) -> Page[UnusedPermissions]:
    """Permissions that assignments give and nobody used for 90 days: candidates to be taken away. 200 at most."""
    found = await reads.unused(connection)
    return Page[UnusedPermissions](items=readable(found), left_out=left_out(found), as_of=await clock(connection))
