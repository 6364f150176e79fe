"""Labels, search columns and seals of the audit log."""

from backend.migrations.script import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    run_sql("0006_audit_seals.sql")
