"""Orders of a real shop, and how a test brings them in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backend.core.database import Database
from backend.shop.importing.orders import ImportOptions, Report, import_orders

DATA = Path(os.environ.get("OPSCONSOLE_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
REAL = DATA / "online-retail-orders-2010-12_2011-05.csv.gz"
REFERENCE = DATA / "online-retail-reference.json"
COLUMNS = {"order_id": "invoice_no", "placed_at": "invoice_date", "total": "total_gbp"}


def silent(_done: int, _total: int | None) -> None:
    """Nobody watches."""


async def bring_in(db: Database, file: Path, columns: dict[str, str], *, shift: bool = False, **said: Any) -> Report:
    """Times without a zone are in UTC, unless something else is said."""
    options = {"currency": "GBP", "time_zone": ZoneInfo("UTC"), "columns": columns, "shift_to_now": shift} | said
    return await import_orders(db, file, ImportOptions(**options), silent)
