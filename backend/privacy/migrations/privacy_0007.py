"""How long things are kept, and since when that is carried out."""

from backend.migrations.script import run_beside

revision = "privacy_0007"
down_revision = "privacy_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
