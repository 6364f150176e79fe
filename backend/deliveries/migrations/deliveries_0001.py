"""Connections, what is sent to them, and who hears of what."""

from backend.migrations.script import run_beside

revision = "deliveries_0001"
down_revision = None
branch_labels = ("deliveries",)
depends_on = ("0012",)  # the audit log with its positions, and the application role


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
