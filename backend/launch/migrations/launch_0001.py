"""Launches: templates, checklists, clocks, polls and what proves them."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "launch_0001"
down_revision = None
branch_labels = ("launch",)
depends_on = ("0012",)  # the application role, and how people are called


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
