"""Secrets that are still valid, removed connections, kinds of faults, and why letters were given up."""

from backend.migrations.script import run_beside

revision = "deliveries_0002"
down_revision = "deliveries_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
