"""Facts of tax: what was charged where, as numbered differences that are never changed."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "reporting_0001"
down_revision = None
branch_labels = ("reporting",)
depends_on = ("0012",)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
