"""``/api/operations/incidents/matrix``: what a severity means and sets off."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response

from backend.core.dependencies import Read, Tx
from backend.core.http import operations_router
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.incidents.matrix import actions, reads
from models.access import Approval
from models.core.permissions import Permission
from models.incidents.matrix import SeverityMatrix, SeverityMatrixRequest

router = operations_router("/api/operations/incidents", "incidents")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Keeper = Annotated[Principal, require(Permission.MANAGE_ONCALL, step_up=300)]


@router.get("/matrix")
async def get_matrix(_principal: Viewer, connection: Read, response: Response) -> SeverityMatrix:
    """The severity matrix; its version is the ETag."""
    return with_etag(response, await reads.matrix(connection))


@router.put("/matrix", responses={202: {"model": Approval, "description": "Waits for approval."}})
async def change_matrix(
    request: SeverityMatrixRequest, principal: Keeper, tx: Tx, version: IfMatch, response: Response
) -> SeverityMatrix | Approval:
    """Put another matrix in its place. What asks for less than before waits for another person (202)."""
    changed = await actions.change_matrix(tx, actor=principal.user_id, version=version, request=request)
    if isinstance(changed, Approval):
        response.status_code = 202
    return with_etag(response, changed)
