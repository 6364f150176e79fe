"""``POST /api/ingest/outcomes``: what became of orders, from the pipelines."""

from __future__ import annotations

from typing import Annotated

from backend.core.dependencies import Tx
from backend.core.http import operations_router
from backend.core.security import Principal, require
from backend.risk.outcomes.actions import ingest_outcomes
from models.core.permissions import Permission
from models.shop.ingest import Batch, IngestResult

router = operations_router("/api/ingest", "ingest")

Pipeline = Annotated[Principal, require(Permission.INGEST)]


@router.post("/outcomes")
async def outcomes(principal: Pipeline, tx: Tx, request: Batch) -> IngestResult:
    """Store what became of orders: ``{id, orderId, customerId?, kind, happenedAt, currency, amount}``.

    ``kind`` is ``chargeback``, ``dispute`` or ``fraud_refund``; each labels the decision about its order as missed or
    rightly held, whether that is known already or comes later.
    """
    return await ingest_outcomes(tx, request, sent_by=principal.user_id)
