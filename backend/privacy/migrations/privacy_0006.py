"""What is handed out to a person, behind a link that ends, with each download."""

from backend.migrations.script import run_beside

revision = "privacy_0006"
down_revision = "privacy_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
