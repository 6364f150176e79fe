"""Alerts without a figure rule."""

from backend.migrations.script import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    run_sql("0007_alerts_without_figure.sql")
