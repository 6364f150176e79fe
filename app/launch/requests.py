"""What the operations API is asked about launches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.paging import PAGE_MOST, Page
from models.launch import Launch, LaunchReview
from models.launch.checklist import ChecklistExport, ChecklistFormat, LaunchChecklistItem
from models.launch.clock import ClockHistory
from models.launch.poll import LaunchStatus, Poll, PollRecord
from models.launch.templates import LaunchTemplate, TemplateSummary

if TYPE_CHECKING:
    from app.core.http_client import Conditional, OperationsClient

BASE = "/api/operations"
MEDIA = {"json": "application/json", "html": "text/html", "pdf": "application/pdf"}
LAUNCHES, ITEMS, TEMPLATES = f"{BASE}/launches", f"{BASE}/checklist", f"{BASE}/launch-templates"


async def launches(client: OperationsClient) -> Page[Launch]:
    """Launches and rehearsals, the latest T-0 first. Raises OperationsError, like all of these."""
    return await client.get(LAUNCHES, Page[Launch], {"limit": PAGE_MOST})


async def status(client: OperationsClient, launch_id: str, etag: str | None) -> Conditional[LaunchStatus]:
    """How a launch stands, unless it stands as ``etag`` says."""
    return await client.get_changed(f"{LAUNCHES}/{launch_id}/status", LaunchStatus, etag)


async def items(client: OperationsClient, launch_id: str) -> Page[LaunchChecklistItem]:
    """The whole checklist of a launch, page by page."""
    found: list[LaunchChecklistItem] = []
    cursor: str | None = None
    while True:
        query = {"launch": launch_id, "limit": PAGE_MOST, "cursor": cursor}
        page = await client.get(ITEMS, Page[LaunchChecklistItem], query)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return page.model_copy(update={"items": tuple(found)})


async def clock_history(client: OperationsClient, launch_id: str) -> ClockHistory:
    """What was done to a launch's clock."""
    return await client.get(f"{LAUNCHES}/{launch_id}/clock", ClockHistory)


async def polls(client: OperationsClient, launch_id: str) -> Page[Poll]:
    """Its polls, the last one first."""
    return await client.get(f"{LAUNCHES}/{launch_id}/polls", Page[Poll], {"limit": PAGE_MOST})


async def record(client: OperationsClient, launch_id: str, poll_id: str) -> PollRecord:
    """What proves a poll that has ended."""
    return await client.get(f"{LAUNCHES}/{launch_id}/polls/{poll_id}/record", PollRecord)


async def record_file(client: OperationsClient, launch_id: str, poll_id: str, form: str) -> bytes:
    """A file of a record, as it was published: ``json``, ``html`` or ``pdf``."""
    return await client.file(f"{LAUNCHES}/{launch_id}/polls/{poll_id}/record/{form}", MEDIA[form])


async def review(client: OperationsClient, launch_id: str) -> LaunchReview:
    """Planned against actual."""
    return await client.get(f"{LAUNCHES}/{launch_id}/review", LaunchReview)


async def export_items(client: OperationsClient, launch_id: str, form: ChecklistFormat) -> ChecklistExport:
    """A checklist as a file."""
    return await client.get(f"{LAUNCHES}/{launch_id}/checklist/export", ChecklistExport, {"format": form})


async def templates(client: OperationsClient) -> Page[TemplateSummary]:
    """Templates by their newest version."""
    return await client.get(TEMPLATES, Page[TemplateSummary])


async def template(client: OperationsClient, key: str) -> LaunchTemplate:
    """The newest version of a template."""
    return await client.get(f"{TEMPLATES}/{key}", LaunchTemplate)


async def export_template(client: OperationsClient, key: str, form: ChecklistFormat) -> ChecklistExport:
    """A template as a file."""
    return await client.get(f"{TEMPLATES}/{key}/export", ChecklistExport, {"format": form})
