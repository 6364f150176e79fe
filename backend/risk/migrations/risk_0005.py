"""Snoozes that wait for somebody's yes."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "risk_0005"
down_revision = "risk_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
