"""The worker is called the system where people read it."""

from backend.migrations.script import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply."""
    run_sql("0012_the_system.sql")
