"""People of the sample shop."""

from __future__ import annotations

from backend.accounts.session.accounts import set_account
from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.sample_shop import SampleShop

PEOPLE = (
    ("tomas", "Tomas Keller", "administrator"),
    ("ada", "Ada Voss", "risk-manager"),
    ("jana", "Jana Lindt", "compliance-officer"),
    ("rui", "Rui Barros", "support-lead"),
    ("mei", "Mei Kondo", "incident-responder"),
)
"""Account, name and role; nobody can sign in as they."""


async def create(tx: Connection, _shop: SampleShop) -> None:
    """Write them."""
    for account, name, role in PEOPLE:
        await set_account(tx, account=account, name=name, role=role, password=None, actor=audit_trail.SAMPLE_SHOP)
