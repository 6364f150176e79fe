"""Backups that were made, and their watch."""

from backend.migrations.script import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply."""
    run_sql("0008_backup.sql")
