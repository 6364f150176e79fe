"""What orders and refunds say of tax."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "shop_0004"
down_revision = "shop_0003"
branch_labels = None
depends_on = ("reporting_0001",)  # each put tells the facts of tax which order changed


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
