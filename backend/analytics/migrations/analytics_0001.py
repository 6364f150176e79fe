"""The tracking plan, events and what does not fit."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "analytics_0001"
down_revision = None
branch_labels = ("analytics",)
depends_on = ("0001",)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
