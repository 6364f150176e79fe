"""Values of the shop in one form, with what came beside it."""

from __future__ import annotations

from backend.migrations.script import run_beside
from backend.migrations.stored_values import put_ids_into_form, put_into_form
from models.core import normal_form

revision = "shop_0001"
down_revision = None
branch_labels = ("shop",)
depends_on = ("0012",)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
    for table in ("orders", "refunds", "downloads", "community_reading"):
        put_ids_into_form(table, normal_form.identifier)
    # The id of an order that had to stay as it is names that order still.
    put_into_form(
        "refunds",
        "order_id",
        normal_form.identifier,
        given="orderId",
        unless="exists (select from orders as o where o.id = v.given)",
    )
    put_into_form("risk_pending", "order_id", normal_form.identifier)
    for table in ("orders", "refunds"):
        put_into_form(table, "customer_id", normal_form.identifier, given="customerId")
    for table in ("orders", "refunds", "downloads"):
        put_into_form(table, "country", normal_form.country, given="country")
