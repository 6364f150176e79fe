"""More names of countries have a code."""

from __future__ import annotations

from backend.migrations.script import run_beside
from backend.migrations.stored_values import put_into_form
from models.core import normal_form

revision = "shop_0002"
down_revision = "shop_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
    for table in ("orders", "refunds", "downloads"):
        put_into_form(table, "country", normal_form.country, given="country")
