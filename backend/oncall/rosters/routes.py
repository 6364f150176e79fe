"""``/api/operations/oncall/now``, ``/roster``, ``/load`` and ``/people``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.security import Principal, require
from backend.core.versions import with_etag
from backend.oncall.rosters import actions, reads
from models.core.base import EventInstant
from models.core.permissions import Permission
from models.deliveries.routing import Team
from models.oncall.rosters import Load, OnCallAt, OnCallBoard, PersonZone, PersonZoneRequest, RosterBoard

router = operations_router("/api/operations/oncall", "oncall")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
From = Annotated[EventInstant, Query(alias="from", description="Where the window begins.")]
To = Annotated[EventInstant, Query(alias="to", description="Where it ends; at most 100 days later.")]
Known = Annotated[EventInstant | None, Query(description="As it was known at this instant.")]


@router.get("/now")
async def get_now(_principal: Viewer, connection: Read) -> OnCallBoard:
    """Who is on call in each schedule, until when, and who is next."""
    return await reads.now_and_next(connection)


@router.get("/schedules/{schedule_id}/at")
async def get_at(
    schedule_id: str,
    _principal: Viewer,
    connection: Read,
    at: Annotated[EventInstant | None, Query(description="This instant; left out: now.")] = None,
    known: Known = None,
) -> OnCallAt:
    """Who is or was on call at an instant, and by which revision and overrides."""
    return await reads.on_call_at(connection, known_id(schedule_id, "schedule"), at, known)


@router.get("/roster")
async def get_roster(
    _principal: Viewer,
    connection: Read,
    response: Response,
    start: From,
    end: To,
    team: Team | None = None,
    schedule_id: Annotated[str | None, Query(alias="scheduleId", max_length=64)] = None,
    known: Known = None,
) -> RosterBoard:
    """Schedules over a window, with layers, overrides, gaps and double bookings. The ETag is that of what is shown."""
    key = None if schedule_id is None else known_id(schedule_id, "schedule")
    found = await reads.board(connection, start, end, schedule_id=key, team=team, known=known)
    response.headers["ETag"] = f'"{reads.board_etag(found)}"'
    return found


@router.get("/load")
async def get_load(_principal: Viewer, connection: Read, start: From, end: To) -> Load:
    """What each person carries in a window: hours, nights, weekends, short rests, pages."""
    return await reads.load_of_people(connection, start, end)


@router.put("/people/{person}/zone")
async def set_zone(
    person: str, request: PersonZoneRequest, principal: Viewer, tx: Tx, response: Response
) -> PersonZone:
    """Say where somebody lives; one's own, or anybody's for those who manage on-call."""
    await actions.set_zone(tx, principal=principal, person=person, zone=request.zone)
    found = await reads.person_zone(tx, person)
    assert found is not None  # noqa: S101 - it was just set
    return with_etag(response, found)
