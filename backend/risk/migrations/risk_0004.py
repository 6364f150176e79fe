"""More names of countries and more spellings of addresses have a form, and the queue is searched in any letter case."""

from __future__ import annotations

from backend.migrations.script import run_beside
from backend.risk.migrations.risk_0001 import values_into_form

revision = "risk_0004"
down_revision = "risk_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
    values_into_form()
