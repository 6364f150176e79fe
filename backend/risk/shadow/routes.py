"""``/api/risk/rule-sets/{id}/shadow``: what a draft would have decided beside live traffic."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request

from backend.core.dependencies import Read
from backend.core.http import known_id, operations_router
from backend.core.security import Principal, require
from backend.risk.rule_sets.reads import find_rule_set
from backend.risk.shadow.compare import compare
from models.core.base import Identifier
from models.core.permissions import Permission
from models.risk.backtest import ShadowRun

router = operations_router("/api/risk", "risk rules")

Viewer = Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)]


@router.get("/rule-sets/{rule_set_id}/shadow")
async def get_shadow(http: Request, rule_set_id: Identifier, _principal: Viewer, connection: Read) -> ShadowRun:
    """What a draft would have decided, held against what was decided, in the form of a backtest."""
    found = await find_rule_set(connection, known_id(rule_set_id, "rule set"))
    return await compare(connection, found, http.app.state.settings.currency)
