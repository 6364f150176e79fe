"""What the operations API is asked about who is on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.paging import PAGE_MOST, Page
from models.oncall.pages import PageDetail, PageState, PageSummary
from models.oncall.policies import Policy
from models.oncall.rosters import Feed, FeedRequest, Load, NewFeed, OnCallBoard, RosterBoard
from models.oncall.schedules import Revision, Schedule, Swap, SwapState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.core.http_client import OperationsClient

BASE = "/api/operations/oncall"
DECIDED_SHOWN, RESOLVED_SHOWN, TESTS_SHOWN, REVISIONS_SHOWN = 50, 30, 50, 50


async def now(client: OperationsClient) -> OnCallBoard:
    """Who is on call in each schedule, and who is next. Raises OperationsError, like all of these."""
    return await client.get(f"{BASE}/now", OnCallBoard)


async def roster(client: OperationsClient, start: datetime, end: datetime) -> RosterBoard:
    """All schedules over a window."""
    return await client.get(f"{BASE}/roster", RosterBoard, _window(start, end))


async def load(client: OperationsClient, start: datetime, end: datetime) -> Load:
    """What each person carries in a window."""
    return await client.get(f"{BASE}/load", Load, _window(start, end))


async def schedules(client: OperationsClient) -> Page[Schedule]:
    """All schedules in use, by name."""
    return await client.get(f"{BASE}/schedules", Page[Schedule], {"limit": PAGE_MOST})


async def revisions(client: OperationsClient, schedule_id: str) -> Page[Revision]:
    """The definitions of a schedule, the newest first."""
    return await client.get(f"{BASE}/schedules/{schedule_id}/revisions", Page[Revision], {"limit": REVISIONS_SHOWN})


async def swaps(client: OperationsClient) -> Page[Swap]:
    """Swap requests that wait, then the last ones that were decided."""
    waiting = await client.get(f"{BASE}/swaps", Page[Swap], {"state": SwapState.REQUESTED, "limit": PAGE_MOST})
    ended = [state for state in SwapState if state is not SwapState.REQUESTED]
    decided = await client.get(f"{BASE}/swaps", Page[Swap], {"state": ended, "limit": DECIDED_SHOWN})
    return Page[Swap](items=(*waiting.items, *decided.items), next_cursor=None, as_of=waiting.as_of)


async def policies(client: OperationsClient) -> Page[Policy]:
    """All escalation policies in use, by name."""
    return await client.get(f"{BASE}/policies", Page[Policy], {"limit": PAGE_MOST})


async def pages(client: OperationsClient) -> Page[PageSummary]:
    """Pages that are not over, then the last ones that are."""
    running = await _pages(client, (PageState.OPEN, PageState.ACKNOWLEDGED), PAGE_MOST)
    over = await _pages(client, (PageState.RESOLVED,), RESOLVED_SHOWN)
    return Page[PageSummary](items=(*running.items, *over.items), next_cursor=None, as_of=running.as_of)


async def _pages(client: OperationsClient, states: Sequence[PageState], limit: int) -> Page[PageSummary]:
    query = {"state": states, "test": False, "limit": limit}
    return await client.get(f"{BASE}/pages", Page[PageSummary], query)


async def tests(client: OperationsClient) -> Page[PageSummary]:
    """The last pages that were tests, the newest first."""
    return await client.get(f"{BASE}/pages", Page[PageSummary], {"test": True, "limit": TESTS_SHOWN})


async def page(client: OperationsClient, page_id: str) -> PageDetail:
    """A page with whom it called, and what became of each message."""
    return await client.get(f"{BASE}/pages/{page_id}", PageDetail)


async def feeds(client: OperationsClient) -> Page[Feed]:
    """One's calendars, or everybody's for those who manage on-call."""
    return await client.get(f"{BASE}/feeds", Page[Feed], {"limit": PAGE_MOST})


async def create_feed(client: OperationsClient, request: FeedRequest) -> NewFeed:
    """Make a calendar; the answer holds its secret, so nothing keeps it."""
    return await client.post(f"{BASE}/feeds", NewFeed, request, keyed=False)


def _window(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": start.isoformat(), "to": end.isoformat()}
