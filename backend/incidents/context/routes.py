"""``/api/operations/incidents/helpers`` and ``/{id}/series``: what stands around an incident."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from backend.core.dependencies import Read
from backend.core.http import known_id, operations_router
from backend.core.security import Principal, require
from backend.incidents.context import reads
from backend.incidents.records.reads import incident
from models.core.base import Instant
from models.core.permissions import Permission
from models.incidents.context import Helpers, IncidentSeries

router = operations_router("/api/operations/incidents", "incidents")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Responder = Annotated[Principal, require(Permission.MANAGE_INCIDENTS)]


@router.get("/helpers")
async def list_helpers(_principal: Responder, connection: Read) -> Helpers:
    """Everybody who can be given a role or asked to take part, by name."""
    return await reads.helpers(connection)


@router.get("/{incident_id}/series")
async def read_series(
    incident_id: str,
    _principal: Viewer,
    connection: Read,
    since: Annotated[Instant, Query(alias="from")],
    until: Annotated[Instant, Query(alias="to")],
    stretches: Annotated[int, Query(ge=2, le=200)] = 60,
) -> IncidentSeries:
    """What the shop counted between two instants, at most 14 days: for charts under the same axis."""
    await incident(connection, known_id(incident_id, "incident"))
    return await reads.series(connection, since=since, until=until, stretches=stretches)
