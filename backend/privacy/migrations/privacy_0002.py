"""Consent and the policies it is given under."""

from backend.migrations.script import run_beside

revision = "privacy_0002"
down_revision = "privacy_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
