"""Verdicts are carried out by commands of deliveries; what was on its way goes on there."""

from backend.migrations.script import run_beside

revision = "risk_0003"
down_revision = "risk_0002"
branch_labels = None
depends_on = ("deliveries_0001",)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
