"""Downloads that had failed and were completed later."""

from backend.migrations.script import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply."""
    run_sql("0011_downloads_then.sql")
