"""Which erasures this database has gone through, and their certificates."""

from backend.migrations.script import run_beside

revision = "privacy_0005"
down_revision = "privacy_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
