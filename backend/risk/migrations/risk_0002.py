"""Values that wait for somebody's yes before they are on a list."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "risk_0002"
down_revision = "risk_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
