"""Notes."""

from backend.migrations.script import run_beside

revision = "notes_0001"
down_revision = None
branch_labels = ("notes",)
depends_on = ("0001",)  # the application role it grants to


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
