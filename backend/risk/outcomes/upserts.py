"""Store what became of orders: the one way outcomes come in."""

from __future__ import annotations

from collections.abc import Sequence

from backend.core.database import Connection, array, load_queries
from backend.shop import UpsertCounts, given_array
from models.shop.ingest import OutcomeIn

queries = load_queries(__package__)


async def outcomes(tx: Connection, rows: Sequence[OutcomeIn]) -> UpsertCounts:
    """Store outcomes, of orders we know and of others; what is known already is left as it is, or withdrawn."""
    values = {
        "id": array(r.id for r in rows),
        "order_id": array(r.order_id for r in rows),
        "customer_id": array(r.customer_id for r in rows),
        "kind": array(r.kind for r in rows),
        "happened_at": array(r.happened_at for r in rows),
        "currency": array(r.currency for r in rows),
        "minor": array(r.amount for r in rows),
        "withdrawn_at": array(r.withdrawn_at for r in rows),
        "given": given_array(rows),
    }
    row = await (await tx.execute(queries.put_outcomes, values)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return UpsertCounts(*row)
