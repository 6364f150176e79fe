"""People by number, the keys of what is known of them, and the role that may erase."""

from backend.migrations.script import run_beside

revision = "privacy_0001"
down_revision = None
branch_labels = ("privacy",)
depends_on = ("0001",)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
