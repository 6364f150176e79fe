"""Roles in the sample shop that end soon, and one that waits for somebody's approval."""

from __future__ import annotations

from datetime import timedelta

from backend.access.actions import assign
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.sample_shop import SampleShop
from models.access import AssignRole

COVERS = (
    ("rui", "incident-responder", timedelta(hours=4), "On call this evening"),
    ("mei", "operations-lead", timedelta(hours=18), "Leads the night shift"),
    ("ada", "finance-analyst", timedelta(days=6), "Quarterly figures of refunds"),
)


async def create(tx: Connection, _shop: SampleShop) -> None:
    """Grant them, and ask for the one that waits."""
    now = await clock(tx)
    for account, role, lasts, reason in COVERS:
        request = AssignRole(user_id=account, role_id=role, expires_at=now + lasts, reason=reason)
        await assign(tx, actor="tomas", request=request)
    reason = "Cover while Ada is away: rules must stay publishable."
    request = AssignRole(user_id="mei", role_id="risk-manager", expires_at=now + timedelta(days=7), reason=reason)
    await assign(tx, actor="tomas", request=request)
