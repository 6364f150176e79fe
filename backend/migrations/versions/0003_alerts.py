"""Alert rules, and alerts with every version they ever had."""

from backend.migrations.script import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    run_sql("0003_alerts.sql")
