"""``/api/deliveries/routes``, ``/templates`` and ``/contacts``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import KnownQuery, known_id, operations_router
from backend.core.problems import invalid
from backend.core.rows import left_out, readable
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.deliveries.routing import actions, reads
from models.core.paging import Page
from models.core.permissions import Permission
from models.deliveries.connections import ConnectionKind
from models.deliveries.routing import (
    ContactCodeRequest,
    ContactMethod,
    ContactRequest,
    Preview,
    PreviewRequest,
    RouteMap,
    RouteMapRequest,
    Template,
    TemplateChange,
)

router = operations_router("/api/deliveries", "deliveries", dependencies=[KnownQuery])

Viewer = Annotated[Principal, require(Permission.VIEW_CONNECTIONS)]
Manager = Annotated[Principal, require(Permission.MANAGE_CONNECTIONS, step_up=300)]
Author = Annotated[Principal, require(Permission.MANAGE_CONNECTIONS)]
Anybody = Annotated[Principal, require(None)]
Kind = Annotated[ConnectionKind | None, Query(description="Of this kind of connection; left out: of all without one.")]


@router.get("/routes")
async def get_routes(_principal: Viewer, connection: Read, response: Response) -> RouteMap:
    """Who hears of what, and where nobody does; its version is the ETag."""
    return with_etag(response, await reads.route_map(connection))


@router.put("/routes")
async def change_routes(
    request: RouteMapRequest, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> RouteMap:
    """Change who hears of what, as a whole."""
    await actions.change_map(tx, actor=principal.user_id, version=version, request=request)
    return with_etag(response, await reads.route_map(tx))


@router.get("/templates")
async def list_templates(_principal: Viewer, connection: Read) -> Page[Template]:
    """List the texts of notices."""
    found = await reads.templates(connection)
    return Page[Template](items=readable(found), left_out=left_out(found), as_of=await clock(connection))


@router.get("/templates/{name}/versions")
async def list_template_versions(name: str, _principal: Viewer, connection: Read, kind: Kind = None) -> Page[Template]:
    """List what a text has said, the newest first; the last is the program's own."""
    found = await reads.versions(connection, name, kind)
    return Page[Template](items=readable(found), left_out=left_out(found), as_of=await clock(connection))


@router.post("/templates/preview")
async def preview_template(request: PreviewRequest, _principal: Viewer, connection: Read) -> Preview:
    """Show what a notice would say, with made-up values."""
    audit_trail.nothing_changed()  # it only looks
    return await reads.preview(connection, request, known_id(request.connection_id, "connection"))


@router.patch("/templates/{name}")
async def change_template(
    name: str,
    request: TemplateChange,
    principal: Author,
    tx: Tx,
    version: IfMatch,
    response: Response,
    kind: Kind = None,
) -> Template:
    """Change a text; every version is kept."""
    changed = await actions.change_template(
        tx, actor=principal.user_id, name=name, kind=kind, version=version, request=request
    )
    return with_etag(response, changed)


@router.get("/contacts")
async def list_contacts(principal: Anybody, connection: Read) -> Page[ContactMethod]:
    """List one's own addresses."""
    found = await reads.contacts(connection, principal.user_id)
    return Page[ContactMethod](items=readable(found), left_out=left_out(found), as_of=await clock(connection))


@router.post("/contacts", status_code=201)
async def add_contact(request: ContactRequest, principal: Anybody, tx: Tx, response: Response) -> ContactMethod:
    """Add an address of one's own; a code goes there."""
    key = await actions.add_contact(tx, user_id=principal.user_id, name=principal.name, request=request)
    return with_etag(response, await reads.contact(tx, principal.user_id, key))


@router.post("/contacts/{contact_id}/verify")
async def verify_contact(
    contact_id: str, request: ContactCodeRequest, principal: Anybody, database: Db, response: Response
) -> ContactMethod:
    """Prove an address with the code that came there; a wrong one counts, so its transaction is its own."""
    key = known_id(contact_id, "address")
    async with database.transaction() as tx:
        proved = await actions.verify_contact(tx, user_id=principal.user_id, contact_id=key, request=request)
        found = await reads.contact(tx, principal.user_id, key)
    if not proved:
        raise invalid("/code", "this is not the code that was sent")
    return with_etag(response, found)


@router.delete("/contacts/{contact_id}", status_code=204)
async def remove_contact(contact_id: str, principal: Anybody, tx: Tx) -> None:
    """Remove an address of one's own."""
    await actions.remove_contact(tx, user_id=principal.user_id, contact_id=known_id(contact_id, "address"))
