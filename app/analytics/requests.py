"""What the operations API is asked about the plan, and about events."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from models.analytics import EventSchemaDefinition, PlannedEvent, TrackingPlan
from models.analytics.changes import Comparison, Radius
from models.analytics.events import QuarantineGroup, QuarantineRequest, Tail, Trial, ViolationGroup
from models.core.paging import PAGE_MOST, Page

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient

BASE = "/api/analytics"
TAIL_SHOWN = 200
VIOLATIONS_SHOWN = 500
RADII_SHOWN = 20


def event_path(event_name: str, version: int | None = None) -> str:
    """Where the versions of an event are, or one of them; a name may hold any character."""
    path = f"{BASE}/schema/{quote(event_name, safe='')}"
    return path if version is None else f"{path}/{version}"


async def events(client: OperationsClient) -> Page[PlannedEvent]:
    """Every event of the plan, page by page. Raises OperationsError, like all of these."""
    found: list[PlannedEvent] = []
    cursor: str | None = None
    while True:
        page = await client.get(f"{BASE}/events", Page[PlannedEvent], {"limit": PAGE_MOST, "cursor": cursor})
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return page.model_copy(update={"items": tuple(found)})


async def versions(client: OperationsClient, event_name: str) -> Page[EventSchemaDefinition]:
    """The newest versions of an event, the draft first."""
    return await client.get(event_path(event_name), Page[EventSchemaDefinition])


async def plan(client: OperationsClient) -> TrackingPlan:
    """Every version that is judged by."""
    return await client.get(f"{BASE}/schema", TrackingPlan)


async def plan_file(client: OperationsClient, form: str, media: str) -> bytes:
    """The plan as a file: ``governance``, ``json-schema``, ``segment``, ``typescript`` or ``python``."""
    return await client.file(f"{BASE}/schema?as={form}", media)


async def comparison(client: OperationsClient, event_name: str, old: int, new: int) -> Comparison:
    """Two versions beside each other."""
    return await client.get(f"{BASE}/compare", Comparison, {"eventName": event_name, "old": old, "new": new})


async def radii(client: OperationsClient, event_name: str) -> Page[Radius]:
    """The newest looks at past events of a name."""
    return await client.get(f"{BASE}/radius", Page[Radius], {"eventName": event_name, "limit": RADII_SHOWN})


async def violations(client: OperationsClient) -> Page[ViolationGroup]:
    """What does not fit, by mistake, what was seen last first."""
    return await client.get(f"{BASE}/violations", Page[ViolationGroup], {"limit": VIOLATIONS_SHOWN})


async def tail(client: OperationsClient, event_name: str | None, *, violations: bool) -> Tail:
    """The newest events."""
    query = {"eventName": event_name, "violations": "true" if violations else None, "limit": TAIL_SHOWN}
    return await client.get(f"{BASE}/tail", Tail, query)


async def held(client: OperationsClient) -> Page[QuarantineGroup]:
    """What is held, by cause."""
    return await client.get(f"{BASE}/quarantine", Page[QuarantineGroup], {"limit": PAGE_MOST})


async def trial(client: OperationsClient, request: QuarantineRequest) -> Trial:
    """What a replay would do; nothing is changed or sent."""
    return await client.post(f"{BASE}/quarantine/trial", Trial, request, keyed=False)
