"""``/api/operations/backups``: what was made, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from psycopg.rows import class_row

from backend.backup.archive import queries
from backend.core.clock import clock
from backend.core.dependencies import Read
from backend.core.http import AsOf, Limit, decode_cursor, encode_cursor, operations_router
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from models.backup import BackupRun
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.core.problems import Code

router = operations_router("/api/operations", "backups")

Auditor = Annotated[Principal, require(Permission.VIEW_AUDIT)]
Cursor = Annotated[str | None, Query(max_length=400)]


@router.get("/backups")
async def list_backups(
    _principal: Auditor, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None, as_of: AsOf = None
) -> Page[BackupRun]:
    """List backups and failed attempts, newest first, as they were known at ``asOf``."""
    started_at, run_id = None, None
    if cursor is not None:
        as_of, started_at, text = decode_cursor(cursor, datetime, datetime, str)
        try:
            run_id = UUID(text)
        except ValueError:
            raise ProblemError(Code.NOT_FOUND, "There is no such page.") from None
    instant = as_of or await clock(connection)
    async with connection.cursor(row_factory=class_row(BackupRun)) as rows:
        await rows.execute(
            queries.runs_page, {"as_of": instant, "started_at": started_at, "run_id": run_id, "limit": limit + 1}
        )
        found = await rows.fetchall()
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page[BackupRun](
        items=items,
        next_cursor=encode_cursor(instant, items[-1].started_at, items[-1].id) if more else None,
        as_of=instant,
    )
