"""``GET /api/operations/counts``: the badges of the console, in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Request

from backend.core.capability import CountSpec
from backend.core.clock import clock
from backend.core.dependencies import Read
from backend.core.http import operations_router
from backend.core.security import Principal, require
from models.core.counts import Counts

router = operations_router("/api/operations", "counts")


@router.get("/counts")
async def get_counts(http: Request, principal: Annotated[Principal, require(None)], connection: Read) -> Counts:
    """How much waits for somebody, by capability and what it counts; only what the principal may see."""
    specs: Sequence[CountSpec] = http.app.state.counts
    found = {
        spec.key: await spec.count(connection, principal) for spec in specs if spec.permission in principal.permissions
    }
    return Counts(counts=found, as_of=await clock(connection))
