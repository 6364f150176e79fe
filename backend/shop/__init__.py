"""The shop's records and the rollups over them. Every statement that changes a record also writes its difference."""

from __future__ import annotations

from backend.shop.importing.orders import ImportFailedError, ImportOptions, import_orders, preview_orders
from backend.shop.importing.presets import PRESETS
from backend.shop.importing.states import State
from backend.shop.ingest.actions import community as ingest_community
from backend.shop.ingest.actions import downloads as ingest_downloads
from backend.shop.ingest.actions import ingest_batch
from backend.shop.ingest.actions import orders as ingest_orders
from backend.shop.ingest.actions import rates as ingest_rates
from backend.shop.ingest.actions import refunds as ingest_refunds
from backend.shop.upserts import UpsertCounts, claim_currency, given_array, reporting_currency
from backend.shop.upserts import orders as put_orders
from backend.shop.upserts import rates as put_rates

__all__ = [
    "PRESETS",
    "ImportFailedError",
    "ImportOptions",
    "State",
    "UpsertCounts",
    "claim_currency",
    "given_array",
    "import_orders",
    "ingest_batch",
    "ingest_community",
    "ingest_downloads",
    "ingest_orders",
    "ingest_rates",
    "ingest_refunds",
    "preview_orders",
    "put_orders",
    "put_rates",
    "reporting_currency",
]
