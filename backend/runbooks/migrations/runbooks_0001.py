"""Runbooks with their versions, what is ticked off, and where they are published."""

from backend.migrations.script import run_beside

revision = "runbooks_0001"
down_revision = None
branch_labels = ("runbooks",)
depends_on = ("0001",)  # the application role it grants to


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
