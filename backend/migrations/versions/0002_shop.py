"""Orders, refunds, downloads, community readings, rates, quarantine, and the rollups over them."""

from backend.migrations.script import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    run_sql("0002_shop.sql")
