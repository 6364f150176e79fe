"""What names the customer of an order can be erased."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "risk_0006"
down_revision = "risk_0005"
branch_labels = None
depends_on = ("privacy_0001",)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
