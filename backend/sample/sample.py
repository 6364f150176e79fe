"""What the sample shop remembers of itself: when it opened, and up to when it has traded."""

from __future__ import annotations

from backend.core.database import Connection, load_queries
from backend.core.sample_shop import SampleShop

queries = load_queries(__package__)


async def create(tx: Connection, shop: SampleShop) -> None:
    """Open it."""
    await tx.execute(queries.insert_shop, {"opened_at": shop.opened_at, "fault_at": shop.fault_at})
