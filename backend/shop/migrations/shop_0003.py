"""Orders of one customer are found, and what names them can be erased."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "shop_0003"
down_revision = "shop_0002"
branch_labels = None
depends_on = ("privacy_0001",)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
