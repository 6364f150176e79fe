"""A draft out of what came in, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response

from backend.analytics.inference import actions
from backend.core.dependencies import Tx
from backend.core.http import operations_router
from backend.core.security import Principal, require
from models.analytics import EventSchemaDefinition
from models.analytics.events import InferRequest
from models.core.permissions import Permission

router = operations_router("/api/analytics", "analytics")

Manager = Annotated[Principal, require(Permission.MANAGE_SCHEMA)]


@router.post("/infer", status_code=201)
async def infer(request: InferRequest, principal: Manager, tx: Tx, response: Response) -> EventSchemaDefinition:
    """Write a draft of an event by the shape of those that came in; nothing that they said is in it but choices."""
    found = await actions.draft(tx, actor=principal.user_id, request=request)
    response.headers["ETag"] = f'"{found.revision}"'
    return found
