"""What the operations API is asked about the dashboard, and about the rows behind its figures."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from models.dashboard import OperationsDashboard
from models.shop.orders import CommunityPage, DownloadPage, OrderPage, RefundPage

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient

Rows = OrderPage | RefundPage | DownloadPage | CommunityPage
PAGES: dict[str, type[Rows]] = {
    "orders": OrderPage,
    "refunds": RefundPage,
    "downloads": DownloadPage,
    "community": CommunityPage,
}


async def dashboard(
    client: OperationsClient, range_days: int = 7, as_of: datetime | None = None
) -> OperationsDashboard:
    """``GET /api/operations/dashboard``. Raises OperationsError."""
    query = {"range": str(range_days)} | ({"asOf": as_of.isoformat()} if as_of else {})
    return await client.get("/api/operations/dashboard", OperationsDashboard, query)


async def rows(client: OperationsClient, kind: str, link: str, **more: Any) -> Rows:
    """A drill-down list by its link; ``cursor``, ``limit``, ``country``, ``status`` may be added."""
    return await client.get(link, PAGES[kind], more)
