"""A heartbeat says what of the process has stopped."""

from backend.migrations.script import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_sql("0013_heartbeat.sql")
