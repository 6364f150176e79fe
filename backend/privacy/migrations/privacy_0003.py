"""Requests of people, and what the law of each jurisdiction says about them."""

from backend.migrations.script import run_beside

revision = "privacy_0003"
down_revision = "privacy_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
