"""The tracking plan over HTTP. Specification: ``GET /api/analytics/schema``."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response

from backend.analytics.clients import python_client, typescript_client
from backend.analytics.plan import reads
from backend.analytics.plan.formats import json_schemas, segment_plan
from backend.analytics.plan.governance import governance_page
from backend.analytics.registry import actions
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import operations_router, problems
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch
from models.access import Approval
from models.analytics import (
    EventContent,
    EventSchemaDefinition,
    EventSchemaDraft,
    ModeOfEvent,
    ModeRequest,
    PlannedEvent,
    SchemaFormat,
    StateRequest,
    TrackingPlan,
)
from models.core.base import PlainText
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.core.problems import Code

router = operations_router("/api/analytics", "analytics")

MARKDOWN, TYPESCRIPT, PYTHON = "text/markdown", "text/typescript", "text/x-python"

Viewer = Annotated[Principal, require(Permission.VIEW_SCHEMA)]
Manager = Annotated[Principal, require(Permission.MANAGE_SCHEMA)]
EventPath = Annotated[PlainText, Path(max_length=200)]
VersionPath = Annotated[int, Path(ge=1, le=2**31 - 1)]


PLAN: Final[dict[int | str, dict[str, Any]]] = {
    **problems(Code.NOT_FOUND),
    200: {
        "model": TrackingPlan | dict[str, Any],
        "content": {text: {"schema": {"type": "string"}} for text in (MARKDOWN, TYPESCRIPT, PYTHON)},
    },
}


@router.get("/schema", responses=PLAN)
async def get_plan(
    http: Request,
    _principal: Viewer,
    connection: Read,
    version: Annotated[int | None, Query(ge=0, le=2**62, description="Of the plan; left out: as it is now.")] = None,
    as_: Annotated[SchemaFormat, Query(alias="as")] = SchemaFormat.PLAN,
) -> Any:
    """The plan: as records, as a JSON Schema document for each event, as a tracking plan of Segment, as a client.

    Or as a page for data owners: what is collected, why, and how long.
    """
    plan = await reads.plan(connection, version, event_days=http.app.state.settings.event_days)
    match as_:
        case SchemaFormat.JSON_SCHEMA:
            return json_schemas(plan)
        case SchemaFormat.SEGMENT:
            return segment_plan(plan)
        case SchemaFormat.GOVERNANCE:
            return Response(governance_page(plan), media_type=MARKDOWN)
        case SchemaFormat.TYPESCRIPT:
            return Response(typescript_client(plan), media_type=TYPESCRIPT)
        case SchemaFormat.PYTHON:
            return Response(python_client(plan), media_type=PYTHON)
        case _:
            return plan


@router.get("/events")
async def list_events(
    http: Request,
    _principal: Viewer,
    connection: Read,
    owner: Annotated[PlainText | None, Query(max_length=255)] = None,
    text: Annotated[PlainText | None, Query(max_length=200)] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[PlannedEvent]:
    """Events of the plan by name, with how they are judged in this environment and what came of it in seven days."""
    (after,) = decode_cursor(cursor, str)
    found = await reads.planned(
        connection,
        environment=http.app.state.settings.environment,
        owner=owner,
        text=text,
        after=after,
        limit=limit + 1,
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.event_name,))
    return Page[PlannedEvent](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/schema", status_code=201)
async def write_draft(
    request: EventSchemaDraft, principal: Manager, tx: Tx, response: Response
) -> EventSchemaDefinition:
    """Begin a new version of an event, which may be the first."""
    return _tagged(response, await actions.write_draft(tx, actor=principal.user_id, request=request))


@router.get("/schema/{event_name}", responses=problems(Code.NOT_FOUND))
async def list_versions(
    event_name: EventPath, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[EventSchemaDefinition]:
    """Versions of an event, newest first."""
    (below,) = decode_cursor(cursor, int)
    found = await reads.versions(connection, event_name, below=below, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.version,))
    return Page[EventSchemaDefinition](
        items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection)
    )


@router.get("/schema/{event_name}/{version}")
async def get_version(
    event_name: EventPath, version: VersionPath, _principal: Viewer, connection: Read, response: Response
) -> EventSchemaDefinition:
    """A version of an event."""
    return _tagged(response, await reads.version(connection, event_name, version))


@router.put("/schema/{event_name}/{version}")
async def change_draft(
    event_name: EventPath,
    version: VersionPath,
    request: EventContent,
    principal: Manager,
    tx: Tx,
    revision: IfMatch,
    response: Response,
) -> EventSchemaDefinition:
    """Put another content into a draft; what was published stays as it is."""
    after = await actions.change_draft(
        tx, actor=principal.user_id, event_name=event_name, number=version, revision=revision, request=request
    )
    return _tagged(response, after)


@router.delete("/schema/{event_name}/{version}", status_code=204)
async def discard_draft(
    event_name: EventPath, version: VersionPath, principal: Manager, tx: Tx, revision: IfMatch
) -> None:
    """Give a draft up."""
    await actions.discard_draft(tx, actor=principal.user_id, event_name=event_name, number=version, revision=revision)


@router.post("/schema/{event_name}/{version}/state", responses={202: {"model": Approval}})
async def change_state(
    event_name: EventPath,
    version: VersionPath,
    request: StateRequest,
    principal: Manager,
    tx: Tx,
    revision: IfMatch,
    response: Response,
) -> EventSchemaDefinition | Approval:
    """Publish, enforce, deprecate or retire a version; one that breaks something waits for somebody else's yes."""
    found = await actions.change_state(
        tx, actor=principal.user_id, event_name=event_name, number=version, revision=revision, request=request
    )
    if isinstance(found, Approval):
        response.status_code = 202
        return found
    return _tagged(response, found)


@router.post("/modes")
async def set_mode(http: Request, request: ModeRequest, principal: Manager, tx: Tx) -> ModeOfEvent:
    """Say what happens to events that do not fit, in one environment."""
    environment = http.app.state.settings.environment
    return await actions.set_mode(tx, actor=principal.user_id, environment=environment, request=request)


def _tagged(response: Response, found: EventSchemaDefinition) -> EventSchemaDefinition:
    response.headers["ETag"] = f'"{found.revision}"'
    return found
