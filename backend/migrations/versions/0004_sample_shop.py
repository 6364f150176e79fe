"""How far the sample shop has traded, where there is one."""

from backend.migrations.script import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    run_sql("0004_sample_shop.sql")
