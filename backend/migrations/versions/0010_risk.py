"""Fraud rules, checks, and the risk queue."""

from backend.migrations.script import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply."""
    run_sql("0010_risk.sql")
