"""What the operations API is asked about runbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.core.paging import PAGE_MOST, Page
from models.runbooks import Runbook, RunbookRun, RunbookSummary, RunbookVersion

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient

BASE = "/api/operations/runbooks"


async def runbooks(client: OperationsClient, cursor: str | None = None) -> Page[RunbookSummary]:
    """One page of all runbooks, by title, without their texts. Raises OperationsError, like all of these."""
    query: dict[str, Any] = {"limit": PAGE_MOST, "cursor": cursor}
    return await client.get(BASE, Page[RunbookSummary], query)


async def runbook(client: OperationsClient, runbook_id: str) -> Runbook:
    """One runbook with its text."""
    return await client.get(f"{BASE}/{runbook_id}", Runbook)


async def versions(client: OperationsClient, runbook_id: str) -> Page[RunbookVersion]:
    """Who changed it, newest first."""
    return await client.get(f"{BASE}/{runbook_id}/versions", Page[RunbookVersion], {"limit": PAGE_MOST})


async def version(client: OperationsClient, runbook_id: str, number: int) -> Runbook:
    """A runbook as one of its versions was."""
    return await client.get(f"{BASE}/{runbook_id}/versions/{number}", Runbook)


async def runs(client: OperationsClient, runbook_id: str) -> Page[RunbookRun]:
    """Its newest runs."""
    return await client.get(f"{BASE}/{runbook_id}/runs", Page[RunbookRun], {"limit": 20})
