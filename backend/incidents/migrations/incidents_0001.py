"""Incidents, what belongs to them, the severity matrix and the rules that open them."""

from backend.migrations.script import run_beside

revision = "incidents_0001"
down_revision = None
branch_labels = ("incidents",)
depends_on = ("0012",)  # alerts, the audit log with its positions, names of people, the application role


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
