"""``/api/operations/runbooks``. Specification: "Incident Response & Runbooks", AC 7."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.runbooks import actions, reads
from models.core.base import INT64, PlainText
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.runbooks import (
    CheckRunbook,
    EndRun,
    MarkStep,
    Runbook,
    RunbookChange,
    RunbookCheck,
    RunbookDraft,
    RunbookRun,
    RunbookSummary,
    RunbookVersion,
    StartRun,
)
from models.runbooks.checking import check_file

router = operations_router("/api/operations/runbooks", "runbooks")

Viewer = Annotated[Principal, require(Permission.VIEW_DASHBOARD)]
Writer = Annotated[Principal, require(Permission.MANAGE_ALERTS)]
Responder = Annotated[Principal, require(Permission.MANAGE_INCIDENTS)]
Search = Annotated[PlainText | None, Query(alias="q", max_length=200, description="Words of title or text.")]
Kind = Annotated[PlainText | None, Query(max_length=200, description="A kind of alert, such as `backup`.")]
ServiceName = Annotated[PlainText | None, Query(max_length=80, description="A service, such as `checkout`.")]
Retired = Annotated[bool | None, Query(description="Only the retired ones, or none of them; left out: both.")]
Number = Annotated[int, Path(ge=1, le=INT64)]


@router.get("")
async def list_runbooks(
    _principal: Viewer,
    connection: Read,
    text: Search = None,
    alert: Kind = None,
    service: ServiceName = None,
    retired: Retired = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[RunbookSummary]:
    """List runbooks by title, without their texts."""
    title, last_id = decode_cursor(cursor, str, UUID)
    found = await reads.page(
        connection,
        text=text,
        alert=alert,
        service=service,
        retired=retired,
        after=(title, last_id),
        limit=limit + 1,
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.title, last.id))
    return Page[RunbookSummary](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201)
async def create_runbook(request: RunbookDraft, principal: Writer, tx: Tx, response: Response) -> Runbook:
    """Store a new runbook. What `check` calls an error is refused."""
    return with_etag(response, await actions.create(tx, actor=principal.user_id, request=request))


@router.post("/check")
async def check_runbook(request: CheckRunbook, _principal: Viewer, connection: Read) -> RunbookCheck:
    """Say what is wrong with a Markdown file with front matter. Nothing is stored."""
    audit_trail.nothing_changed()  # it only looks
    others = await reads.slugs(connection)
    today = datetime.now(UTC).date()
    # Some texts take a second to take apart: nobody else is to wait for that.
    return RunbookCheck(findings=await asyncio.to_thread(check_file, request.file, today, others))


@router.get("/{runbook_id}")
async def get_runbook(runbook_id: str, _principal: Viewer, connection: Read, response: Response) -> Runbook:
    """One runbook with its text; its version is the ETag."""
    return with_etag(response, await reads.find(connection, known_id(runbook_id, "runbook")))


@router.patch("/{runbook_id}")
async def change_runbook(
    runbook_id: str, request: RunbookChange, principal: Writer, tx: Tx, version: IfMatch, response: Response
) -> Runbook:
    """Change a runbook; fields left out stay, and the version before stays readable."""
    runbook = await actions.change(
        tx,
        actor=principal.user_id,
        runbook_id=known_id(runbook_id, "runbook"),
        version=version,
        request=request,
    )
    return with_etag(response, runbook)


@router.get("/{runbook_id}/versions")
async def list_versions(
    runbook_id: str, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[RunbookVersion]:
    """List who changed a runbook, when and why, newest first."""
    (before,) = decode_cursor(cursor, int)
    found = await reads.versions(connection, known_id(runbook_id, "runbook"), before=before, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.version,))
    return Page[RunbookVersion](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/{runbook_id}/versions/{number}")
async def get_version(runbook_id: str, number: Number, _principal: Viewer, connection: Read) -> Runbook:
    """A runbook as it was in one of its versions."""
    return await reads.at_version(connection, known_id(runbook_id, "runbook"), number)


@router.get("/{runbook_id}/runs")
async def list_runs(
    runbook_id: str,
    _principal: Viewer,
    connection: Read,
    incident_id: Annotated[PlainText | None, Query(alias="incidentId", max_length=200)] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[RunbookRun]:
    """List runs of a runbook, newest first."""
    started_at, last_id = decode_cursor(cursor, datetime, UUID)
    found = await reads.runs(
        connection,
        known_id(runbook_id, "runbook"),
        incident_id=incident_id,
        after=(started_at, last_id),
        limit=limit + 1,
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.started_at, last.id))
    return Page[RunbookRun](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/{runbook_id}/runs", status_code=201)
async def start_run(runbook_id: str, request: StartRun, principal: Responder, tx: Tx, response: Response) -> RunbookRun:
    """Begin to work through a runbook, for an incident or without. One that is open already is answered."""
    run = await actions.start_run(
        tx, actor=principal.user_id, runbook_id=known_id(runbook_id, "runbook"), request=request
    )
    return with_etag(response, run)


@router.get("/{runbook_id}/runs/{run_id}")
async def get_run(runbook_id: str, run_id: str, _principal: Viewer, connection: Read, response: Response) -> RunbookRun:
    """One run with the steps that are done; its version is the ETag."""
    run = await reads.run(connection, known_id(runbook_id, "runbook"), known_id(run_id, "run"))
    return with_etag(response, run)


@router.post("/{runbook_id}/runs/{run_id}/steps/{step}")
async def mark_step(
    runbook_id: str, run_id: str, step: Number, request: MarkStep, principal: Responder, tx: Tx, response: Response
) -> RunbookRun:
    """Tick a step off, or take that back. Several people may tick off one run at once; what is so stays so."""
    run = await actions.mark_step(
        tx,
        actor=principal.user_id,
        runbook_id=known_id(runbook_id, "runbook"),
        run_id=known_id(run_id, "run"),
        step=step,
        request=request,
    )
    return with_etag(response, run)


@router.post("/{runbook_id}/runs/{run_id}/end")
async def end_run(
    runbook_id: str, run_id: str, request: EndRun, principal: Responder, tx: Tx, response: Response
) -> RunbookRun:
    """Say that a run is over, whatever is left of it."""
    run = await actions.end_run(
        tx,
        actor=principal.user_id,
        runbook_id=known_id(runbook_id, "runbook"),
        run_id=known_id(run_id, "run"),
        request=request,
    )
    return with_etag(response, run)
