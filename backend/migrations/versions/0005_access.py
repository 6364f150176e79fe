"""Approvals, break-glass, second factors, use of permissions, access in outside systems."""

from backend.migrations.script import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    run_sql("0005_access.sql")
