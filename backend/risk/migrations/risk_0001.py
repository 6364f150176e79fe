"""Verdicts are carried out by commands of deliveries; what was on its way goes on there."""

from backend.migrations.script import run_beside

revision = "risk_0001"
down_revision = None
branch_labels = ("risk",)
depends_on = ("0012", "deliveries_0001")


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
