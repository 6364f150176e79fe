"""``/api/operations/checklist``. Specification: "Launch Readiness Checklist", LaunchChecklistItem."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import ValidationError

from backend.core.capability import Criteria
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Limit, LongCursor, cut_page, decode_cursor
from backend.core.rows import Unreadable
from backend.core.settings import Settings
from backend.core.versions import IfMatch, with_etag
from backend.launch.checklist import actions, reads
from backend.launch.clock import reads as clocks
from backend.launch.clock.fold import Clock
from backend.launch.dependencies import Configured, KnownCriteria, Manager, Signer, Viewer
from backend.launch.evidence import bound, evaluate
from backend.launch.launches import reads as launches
from backend.launch.templates import files
from models.access import Approval
from models.core.paging import PAGE_DEFAULT, Page
from models.launch import Launch
from models.launch.checklist import (
    ChecklistExport,
    ChecklistFormat,
    ChecklistImport,
    CompleteItem,
    ImportChecklist,
    ItemChange,
    ItemDraft,
    ItemStatus,
    LaunchChecklistItem,
    ReopenItem,
    WaiveItem,
)

router = operations_router("/api/operations", "checklist")

WHAT = "item"


@router.get("/checklist")
async def list_items(
    principal: Viewer,
    connection: Read,
    settings: Configured,
    known: KnownCriteria,
    launch: Annotated[
        str | None, Query(max_length=60, description="Left out: all that are open, no rehearsals.")
    ] = None,
    status: Annotated[list[ItemStatus] | None, Query(max_length=3)] = None,
    mine: Annotated[bool, Query(description="Only what the signed-in's roles sign.")] = False,
    late: bool | None = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> Page[LaunchChecklistItem]:
    """List items in the order of launch and list. What follows from clock and figures can make a page short."""
    launch_id = None if launch is None else known_id(launch, "launch")
    found = await reads.page(
        connection,
        launch_id=launch_id,
        owner_roles=principal.roles if mine else None,
        after=decode_cursor(cursor, datetime, UUID, int, UUID),
        limit=limit + 1,
    )
    now = await clock(connection)
    around = {key: await _around(connection, settings, known, key) for key in {row["launch_id"] for row in found}}
    rows = [
        Unreadable(row, there)
        if isinstance(there := around[row["launch_id"]], ValidationError)
        else reads.item_of(row, *there)
        for row in found
    ]
    keys = {row["item_id"]: row["planned_zero_at"] for row in found}
    items, following, left_out = cut_page(
        rows,
        limit,
        lambda last: (keys[last.item_id], UUID(last.launch_id), last.number, UUID(last.item_id)),
    )
    wanted = [
        item
        for item in items
        if (not status or item.status in status) and (late is None or (item.late_seconds is not None) == late)
    ]
    return Page[LaunchChecklistItem](items=tuple(wanted), next_cursor=following, left_out=left_out, as_of=now)


async def _around(
    connection: Connection, settings: Settings, known: Criteria, launch_id: str
) -> tuple[Clock, Collection[str]] | ValidationError:
    """The clock of a launch, and what of its figures is within limits; or why the launch cannot be read."""
    try:
        launch = await launches.launch(connection, launch_id)
    except ValidationError as error:
        return error
    at = await clocks.clock_at(connection, launch, await clock(connection))
    return at, await inside(connection, settings, known, launch)


async def inside(connection: Connection, settings: Settings, known: Criteria, launch: Launch) -> list[str]:
    """Keys of a launch's figures that are within their limits now."""
    found = await evaluate(connection, settings, known, bound(launch.criteria), faults=launch.faults)
    return reads.inside_of(found)


@router.get("/checklist/{item_id}")
async def get_item(
    item_id: str, _principal: Viewer, connection: Read, settings: Configured, known: KnownCriteria, response: Response
) -> LaunchChecklistItem:
    """One item; its version is the ETag."""
    key = known_id(item_id, WHAT)
    launch = await actions.launch_of(connection, key)
    within = await inside(connection, settings, known, launch)
    return with_etag(response, await actions.find(connection, launch, key, within))


@router.post("/checklist/{item_id}/complete")
async def complete_item(
    item_id: str,
    request: CompleteItem,
    principal: Signer,
    tx: Tx,
    version: IfMatch,
    settings: Configured,
    known: KnownCriteria,
    response: Response,
) -> LaunchChecklistItem:
    """Sign an item off, as a holder of its owner role."""
    key = known_id(item_id, WHAT)
    launch = await actions.launch_of(tx, key)
    signed = await actions.complete(
        tx,
        principal=principal,
        item_id=key,
        version=version,
        notes=request.notes,
        inside=await inside(tx, settings, known, launch),
    )
    return with_etag(response, signed)


@router.post("/checklist/{item_id}/reopen")
async def reopen_item(
    item_id: str, request: ReopenItem, principal: Signer, tx: Tx, version: IfMatch, response: Response
) -> LaunchChecklistItem:
    """Take a sign-off or a waiver back."""
    reopened = await actions.reopen(
        tx, actor=principal.user_id, item_id=known_id(item_id, WHAT), version=version, reason=request.reason
    )
    return with_etag(response, reopened)


@router.post("/checklist/{item_id}/waive", status_code=202)
async def waive_item(
    item_id: str, request: WaiveItem, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Approval:
    """Ask for going without an item until an instant; somebody else approves."""
    asked = await actions.ask_waiver(
        tx, actor=principal.user_id, item_id=known_id(item_id, WHAT), version=version, request=request
    )
    return with_etag(response, asked)


@router.patch("/checklist/{item_id}")
async def change_item(
    item_id: str, request: ItemChange, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> LaunchChecklistItem:
    """Change an item that is not signed; fields left out stay."""
    changed = await actions.change(
        tx, principal=principal, item_id=known_id(item_id, WHAT), version=version, request=request
    )
    return with_etag(response, changed)


@router.post("/launches/{launch_id}/checklist", status_code=201)
async def add_item(
    launch_id: str, request: ItemDraft, principal: Manager, tx: Tx, response: Response
) -> LaunchChecklistItem:
    """Add an item to a launch."""
    launch = await launches.launch(tx, known_id(launch_id, "launch"))
    return with_etag(response, await actions.add(tx, actor=principal.user_id, launch=launch, request=request))


@router.post("/launches/{launch_id}/checklist/import")
async def import_items(launch_id: str, request: ImportChecklist, principal: Manager, tx: Tx) -> ChecklistImport:
    """Add and change items by a file; what is signed stays as it is."""
    launch = await launches.launch(tx, known_id(launch_id, "launch"))
    return await actions.take_file(tx, principal=principal, launch=launch, request=request)


@router.get("/launches/{launch_id}/checklist/export")
async def export_items(
    launch_id: str,
    _principal: Viewer,
    connection: Read,
    form: Annotated[ChecklistFormat, Query(alias="format")] = ChecklistFormat.YAML,
) -> ChecklistExport:
    """The list of a launch as a file that can be imported again."""
    launch = await launches.launch(connection, known_id(launch_id, "launch"))
    at = await clocks.clock_at(connection, launch, await clock(connection))
    items = await reads.items_of(connection, launch, at, ())
    text = files.items_text([reads.draft_of(item) for item in items], form)
    name = f"checklist-{launch.template_key}-{launch.planned_zero_at:%Y-%m-%d}.{form}"
    return ChecklistExport(format=form, name=name, text=text, kind="checklist")
