"""Rules, rates, and the returns that are made of facts by them."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "reporting_0002"
down_revision = "reporting_0001"
branch_labels = None
depends_on = ("shop_0004",)  # an index on what orders say of tax


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
