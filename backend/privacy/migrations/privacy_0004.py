"""The graph a request runs through: a node for each system that holds something of a person."""

from backend.migrations.script import run_beside

revision = "privacy_0004"
down_revision = "privacy_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
