"""What the system's own actors are called."""

from backend.migrations.script import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    run_sql("0009_names.sql")
