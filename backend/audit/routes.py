"""``/api/operations/audit``. Specification: AuditLogEntry; "every action is recorded, and the record can be proven"."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from backend.audit import actions, reads
from backend.audit.seal import SealError
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router, problems
from backend.core.pages import Cursor, Limit, decode_cursor, encode_cursor
from backend.core.problems import ProblemError, invalid
from backend.core.rows import left_out, readable
from backend.core.security import Principal, require
from models.audit import AuditCheckpoint, AuditExport, AuditLogEntry, AuditPage, ConsistencyProof, InclusionProof
from models.core.base import INT64, Identifier, Instant, Text
from models.core.paging import PAGE_DEFAULT
from models.core.permissions import Permission
from models.core.problems import Code

router = operations_router("/api/operations/audit", "audit")

Viewer = Annotated[Principal, require(Permission.VIEW_AUDIT)]
Confirmed = Annotated[Principal, require(Permission.VIEW_AUDIT, step_up=300)]
Word = Identifier | None
Position = Annotated[int | None, Query(ge=0, le=INT64 - 1)]
Size = Annotated[int, Query(ge=0, le=INT64)]


@router.get("")
async def list_entries(
    _principal: Viewer,
    connection: Read,
    actor: Word = None,
    action: Annotated[Word, Query(description="A whole action, or its beginning up to a dot.")] = None,
    resource_type: Annotated[Word, Query(alias="resourceType")] = None,
    resource_id: Annotated[Word, Query(alias="resourceId")] = None,
    correlation_id: Annotated[Word, Query(alias="correlationId")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="From this instant on.")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Before this instant.")] = None,
    text: Annotated[
        Text | None, Query(description="Part of action, labels, reason or what changed, in any case.", min_length=1)
    ] = None,
    at: Annotated[Position, Query(description="Begin at this position, going down.")] = None,
    before: Annotated[Position, Query(description="Begin below this position.")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_DEFAULT,
) -> AuditPage:
    """List entries by position, newest first; ``at``, ``before`` and ``cursor`` say where to begin, one of them.

    An entry appears a moment after its change, when it has got its position. A text is looked for in a limited number
    of entries: such a page may be short or empty while ``nextCursor`` leads on.
    """
    if sum(start is not None for start in (at, before, cursor)) > 1:
        raise invalid("query:at", "give one of at, before and cursor")
    below = before if at is None else at + 1
    if cursor is not None:
        (below,) = decode_cursor(cursor, int)
    total, now = await reads.newest(connection)
    wanted = reads.AuditFilter(
        actor=actor,
        action=action,
        resource_type=resource_type,
        resource_id=resource_id,
        correlation_id=correlation_id,
        since=since,
        until=until,
        text=text,
    )
    items, following = await reads.page(connection, wanted, below, limit)
    return AuditPage(
        items=readable(items),
        left_out=left_out(items),
        next_cursor=None if following is None else encode_cursor(following),
        as_of=now,
        total=total,
    )


@router.get("/checkpoint")
async def newest_checkpoint(_principal: Viewer, connection: Read) -> AuditCheckpoint:
    """The newest signed checkpoint, the key it was signed with, and how far it reaches."""
    return await reads.checkpoint(connection)


@router.get("/consistency", responses=problems(Code.CONFLICT))
async def prove_growth(
    _principal: Viewer,
    connection: Read,
    earlier: Annotated[Size, Query(alias="from")],
    later: Annotated[Size, Query(alias="to")],
) -> ConsistencyProof:
    """Prove that the log of one size is the beginning of the log of another."""
    try:
        return await reads.prove_growth(connection, earlier, later)
    except SealError as error:
        raise _damaged(error) from None


@router.get("/proof/{entry_id}", responses=problems(Code.CONFLICT))
async def prove_entry(
    entry_id: str, _principal: Viewer, connection: Read, size: Annotated[Size | None, Query()] = None
) -> InclusionProof:
    """Prove that an entry is in the log, in that of the newest checkpoint unless a ``size`` is given."""
    try:
        return await reads.prove_entry(connection, known_id(entry_id, "audit entry"), size)
    except SealError as error:
        raise _damaged(error) from None


@router.post("/export", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
async def export(request: AuditExport, principal: Confirmed, tx: Tx) -> Response:
    """Hand out entries as a bundle that proves itself; asks for a fresh sign-in and is an entry itself."""
    name, data = await actions.export(tx, actor=principal.user_id, request=request)
    return Response(
        data, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/{entry_id}")
async def get_entry(entry_id: str, _principal: Viewer, connection: Read) -> AuditLogEntry:
    """One entry."""
    return await reads.entry(connection, known_id(entry_id, "audit entry"))


def _damaged(error: SealError) -> ProblemError:
    return ProblemError(Code.CONFLICT, f"The seals are damaged: {error}.")
