"""People of the sample shop: roles that end soon, and one that waits for somebody's approval."""

from __future__ import annotations

from datetime import timedelta

from backend.access.actions import assign
from backend.accounts.session.accounts import set_account
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from models.access import AssignRole

PEOPLE = (
    ("tomas", "Tomas Keller", "administrator"),
    ("ada", "Ada Voss", "risk-manager"),
    ("jana", "Jana Lindt", "compliance-officer"),
    ("rui", "Rui Barros", "support-lead"),
    ("mei", "Mei Kondo", "incident-responder"),
)
"""Account, name and role; nobody can sign in as they."""
COVERS = (
    ("rui", "incident-responder", timedelta(hours=4), "On call this evening"),
    ("mei", "operations-lead", timedelta(hours=18), "Leads the night shift"),
    ("ada", "finance-analyst", timedelta(days=6), "Quarterly figures of refunds"),
)


async def create_people(tx: Connection) -> None:
    """Write them, and the grant that waits."""
    now = await clock(tx)
    for account, name, role in PEOPLE:
        await set_account(tx, account=account, name=name, role=role, password=None, actor=audit_trail.SAMPLE_SHOP)
    for account, role, lasts, reason in COVERS:
        wish = AssignRole(user_id=account, role_id=role, expires_at=now + lasts, reason=reason)
        await assign(tx, actor="tomas", wish=wish)
    reason = "Cover while Ada is away: rules must stay publishable."
    wish = AssignRole(user_id="mei", role_id="risk-manager", expires_at=now + timedelta(days=7), reason=reason)
    await assign(tx, actor="tomas", wish=wish)
