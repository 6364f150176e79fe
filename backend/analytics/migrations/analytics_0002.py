"""Values whose time is over are taken out of events that stay."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "analytics_0002"
down_revision = "analytics_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
