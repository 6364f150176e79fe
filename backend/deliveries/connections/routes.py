"""``/api/deliveries/connections``. Specification: "Dependencies and Integrations"."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from backend.core.clock import clock
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import KnownQuery, known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.deliveries.connections import actions, queries, reads
from backend.deliveries.secrets import SecretStore
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.deliveries.connections import (
    Connection,
    ConnectionChange,
    ConnectionDetail,
    ConnectionKind,
    ConnectionRequest,
    ConnectionState,
    PauseRequest,
    Proof,
    ProofState,
    SecretPurpose,
    SecretRequest,
)

router = operations_router("/api/deliveries/connections", "deliveries", dependencies=[KnownQuery])

Viewer = Annotated[Principal, require(Permission.VIEW_CONNECTIONS)]
Operator = Annotated[Principal, require(Permission.REPLAY_LETTERS)]
Manager = Annotated[Principal, require(Permission.MANAGE_CONNECTIONS, step_up=300)]

TEST_SECONDS = 7.0
"""Less than consoles wait for an answer; the system itself has ten, and what it says then shows in the list."""
LOOK_SECONDS = 0.1


def _store(request: Request) -> SecretStore:
    store: SecretStore = request.app.state.secrets
    return store


Store = Annotated[SecretStore, Depends(_store)]


def _id(connection_id: str) -> UUID:
    return known_id(connection_id, "connection")


@router.get("")
async def list_connections(
    _principal: Viewer,
    connection: Read,
    kind: ConnectionKind | None = None,
    state: ConnectionState | None = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Connection]:
    """List connections by name, with how each does."""
    after = decode_cursor(cursor, str, UUID)
    found = await reads.connections(connection, kind=kind, state=state, after=(after[0], after[1]), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.name.lower(), last.id))
    return Page[Connection](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201)
async def create_connection(
    request: ConnectionRequest, principal: Manager, tx: Tx, response: Response
) -> ConnectionDetail:
    """Add a connection. It is off until its secret is set."""
    connection_id = await actions.create(tx, actor=principal.user_id, request=request)
    return with_etag(response, await reads.connection(tx, connection_id))


@router.get("/{connection_id}")
async def get_connection(
    connection_id: str, _principal: Viewer, connection: Read, response: Response
) -> ConnectionDetail:
    """One connection with its last day; its version is the ETag."""
    return with_etag(response, await reads.connection(connection, _id(connection_id)))


@router.patch("/{connection_id}")
async def change_connection(
    connection_id: str, request: ConnectionChange, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> ConnectionDetail:
    """Change a connection; whatever had stopped goes on at once."""
    key = _id(connection_id)
    await actions.change(tx, actor=principal.user_id, connection_id=key, version=version, request=request)
    return with_etag(response, await reads.connection(tx, key))


@router.delete("/{connection_id}", status_code=204)
async def remove_connection(connection_id: str, principal: Manager, tx: Tx, version: IfMatch) -> None:
    """Remove a connection with its secrets and routes; its letters and history stay. Not while dead letters wait."""
    await actions.remove(tx, actor=principal.user_id, connection_id=_id(connection_id), version=version)


@router.put("/{connection_id}/secret")
async def set_secret(
    connection_id: str,
    request: SecretRequest,
    principal: Manager,
    tx: Tx,
    version: IfMatch,
    store: Store,
    response: Response,
) -> ConnectionDetail:
    """Set or change a secret. It is never shown again."""
    key = _id(connection_id)
    await actions.set_secret(
        tx, actor=principal.user_id, connection_id=key, store=store, request=request, version=version
    )
    return with_etag(response, await reads.connection(tx, key))


@router.delete("/{connection_id}/secret")
async def remove_secret(
    connection_id: str,
    principal: Manager,
    tx: Tx,
    version: IfMatch,
    response: Response,
    purpose: Annotated[SecretPurpose, Query(description="Which of its secrets.")] = SecretPurpose.SEND,
) -> ConnectionDetail:
    """Turn a connection off, or its hook: its secret is forgotten, and what waits is given up."""
    key = _id(connection_id)
    await actions.remove_secret(tx, actor=principal.user_id, connection_id=key, purpose=purpose, version=version)
    return with_etag(response, await reads.connection(tx, key))


@router.post("/{connection_id}/test")
async def check_connection(connection_id: str, principal: Operator, database: Db) -> Proof:
    """Send a canary by the stored route, from the worker, and wait for what becomes of it, up to seven seconds."""
    key = _id(connection_id)
    async with database.transaction() as tx:
        since = await actions.ask_for_proof(tx, actor=principal.user_id, connection_id=key)
    looked = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - looked < TEST_SECONDS:
        async with database.read() as connection:
            found = await (await connection.execute(queries.proof, {"connection_id": key, "since": since})).fetchone()
        if found is not None:
            proof, words, seconds, at = found
            return Proof(connection_id=connection_id, proof=proof, at=at, seconds=seconds or 0.0, words=words)
        await asyncio.sleep(LOOK_SECONDS)
    words = (
        f"no answer within {TEST_SECONDS:.0f} s; what comes of it shows here. If nothing does, see that the worker runs"
    )
    return Proof(connection_id=connection_id, proof=ProofState.FAILED, at=since, seconds=TEST_SECONDS, words=words)


@router.post("/{connection_id}/pause")
async def pause_connection(
    connection_id: str, request: PauseRequest, principal: Operator, tx: Tx, response: Response
) -> ConnectionDetail:
    """Hold back what is meant for it; it waits."""
    key = _id(connection_id)
    await actions.pause(tx, actor=principal.user_id, connection_id=key, request=request)
    return with_etag(response, await reads.connection(tx, key))


@router.post("/{connection_id}/resume")
async def resume_connection(connection_id: str, principal: Operator, tx: Tx, response: Response) -> ConnectionDetail:
    """Let it go on: after a pause, after it had stopped, or turned off without a secret. What waits goes in order."""
    key = _id(connection_id)
    await actions.resume(tx, actor=principal.user_id, connection_id=key)
    return with_etag(response, await reads.connection(tx, key))
