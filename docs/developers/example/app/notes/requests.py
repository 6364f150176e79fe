"""What the operations API is asked about notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.paging import PAGE_MOST, Page
from models.notes import Note

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient


async def open_notes(client: OperationsClient) -> Page[Note]:
    """The open notes, newest first. Raises OperationsError."""
    return await client.get("/api/operations/notes", Page[Note], {"limit": PAGE_MOST})
