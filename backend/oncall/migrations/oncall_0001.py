"""Schedules and who is on by them, escalation policies, pages, calendars to subscribe to."""

from backend.migrations.script import run_beside

revision = "oncall_0001"
down_revision = None
branch_labels = ("oncall",)
depends_on = ("deliveries_0001",)  # a page points at the notices it was sent by


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
