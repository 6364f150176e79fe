"""Files of reports, how they were delivered, and who followed a link to one."""

from __future__ import annotations

from backend.migrations.script import run_beside

revision = "reporting_0003"
down_revision = "reporting_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
