"""``POST /api/ingest/…``: for service tokens of the pipelines. Idempotent by source id, batches up to 1 000 rows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request

from backend.core.dependencies import Tx
from backend.core.http import operations_router
from backend.core.security import Principal, require
from backend.shop.ingest import actions
from models.core.permissions import Permission
from models.shop.ingest import Batch, IngestResult

router = operations_router("/api/ingest", "ingest")

Pipeline = Annotated[Principal, require(Permission.INGEST)]


@router.post("/orders")
async def orders(http: Request, principal: Pipeline, tx: Tx, request: Batch) -> IngestResult:
    """Store orders: ``{id, placedAt, settledAt?, customerId?, country?, currency, total, updatedAt?}``."""
    return await actions.orders(tx, http.app.state.settings, request, sent_by=principal.user_id)


@router.post("/refunds")
async def refunds(http: Request, principal: Pipeline, tx: Tx, request: Batch) -> IngestResult:
    """Store refunds: ``{id, orderId?, customerId?, refundedAt, country?, currency, amount, updatedAt?}``."""
    return await actions.refunds(tx, http.app.state.settings, request, sent_by=principal.user_id)


@router.post("/downloads")
async def downloads(principal: Pipeline, tx: Tx, request: Batch) -> IngestResult:
    """Store download attempts: ``{id, downloadedAt, product, country?, succeeded, failure?}``."""
    return await actions.downloads(tx, request, sent_by=principal.user_id)


@router.post("/community")
async def community(principal: Pipeline, tx: Tx, request: Batch) -> IngestResult:
    """Store readings: ``{id, metric, observedAt, value}``, metric ``discord`` or ``showcases``."""
    return await actions.community(tx, request, sent_by=principal.user_id)


@router.post("/rates")
async def rates(http: Request, principal: Pipeline, tx: Tx, request: Batch) -> IngestResult:
    """Store daily rates: ``{currency, day, rate}``, what one unit was worth in the reporting currency."""
    return await actions.rates(tx, http.app.state.settings, request, sent_by=principal.user_id)
