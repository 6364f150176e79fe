"""What the operations API is asked about alerts and their rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from models.alerts import Alert, AlertRule
from models.core.paging import PAGE_MOST, Page

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient

BASE = "/api/operations"


async def alerts(
    client: OperationsClient,
    states: tuple[str, ...] = (),
    *,
    cursor: str | None = None,
    limit: int = PAGE_MOST,
    as_of: datetime | None = None,
) -> Page[Alert]:
    """One page of the alerts in these states, or of all, now or at a past instant. Raises OperationsError."""
    query: dict[str, Any] = {"limit": limit, "state": list(states), "cursor": cursor}
    query |= {"asOf": as_of.isoformat()} if as_of else {}
    return await client.get(f"{BASE}/alerts", Page[Alert], query)


async def alert_rules(client: OperationsClient) -> Page[AlertRule]:
    """The rules. Raises OperationsError."""
    return await client.get(f"{BASE}/alert-rules", Page[AlertRule], {"limit": PAGE_MOST})
