"""``POST /api/risk/fraud-check`` and the decisions it made. Specification: "Fraud Monitoring & Risk Queue", AC 4."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request

from backend.core.dependencies import Read, Tx
from backend.core.http import operations_router
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from backend.risk.check import actions, reads
from backend.risk.mask import masked_decision
from models.core.base import storable
from models.core.normal_form import identifier
from models.core.permissions import Permission
from models.core.problems import Code
from models.risk.rules import Decision, FraudCheck

router = operations_router("/api/risk", "risk")

Checker = Annotated[Principal, require(Permission.CHECK_ORDERS)]
Viewer = Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)]


@router.post("/fraud-check")
async def fraud_check(http: Request, request: FraudCheck, principal: Checker, tx: Tx) -> Decision:
    """Check an order: score, recommended action, the rules that fired and why. Idempotent by the order's id.

    The order is stored with its decision before this answers, and an entry in the risk queue when it is to be reviewed
    or blocked. Fields that are not known are kept with the order. The same order again is told the first decision.
    """
    payload = await http.json()
    decision = await actions.fraud_check(
        tx, http.app.state.settings, actor=principal.user_id, request=request, payload=payload
    )
    return masked_decision(decision, principal)


@router.get("/decisions/{order_id:path}")
async def get_decision(order_id: str, principal: Viewer, connection: Read) -> Decision:
    """The decision about an order, with what its rules saw."""
    if not storable(order_id):
        raise ProblemError(Code.NOT_FOUND, "No order with this id was checked.")
    return masked_decision(await reads.find_decision(connection, identifier(order_id)), principal)
