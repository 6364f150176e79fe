"""``/api/operations/backups``: what was made, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from backend.backup import reads
from backend.core.clock import clock
from backend.core.dependencies import Read
from backend.core.http import AsOf, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from models.backup import BackupRun
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission

router = operations_router("/api/operations", "backups")

Auditor = Annotated[Principal, require(Permission.VIEW_AUDIT)]


@router.get("/backups")
async def list_backups(
    _principal: Auditor, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None, as_of: AsOf = None
) -> Page[BackupRun]:
    """List backups and failed attempts, newest first, as they were known at ``asOf``."""
    before, started_at, run_id = decode_cursor(cursor, datetime, datetime, UUID)
    instant = before or as_of or await clock(connection)
    found = await reads.runs(connection, as_of=instant, before=(started_at, run_id), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (instant, last.started_at, last.id))
    return Page[BackupRun](items=items, next_cursor=following, left_out=left_out, as_of=instant)
