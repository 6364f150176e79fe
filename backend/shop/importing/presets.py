"""What shops and payment services export: which column holds what, and which rows are no sale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How one kind of export is read."""

    columns: Mapping[str, str]
    left_out: frozenset[str] = frozenset()
    """Values of ``status``, in small letters, of rows that are no sale; they are counted and named."""
    pending: frozenset[str] = frozenset()
    """Values of ``status`` of orders that are not paid yet."""
    nothing: frozenset[str] = frozenset()
    """Cells that say that there is nothing."""
    zone: str | None = None
    """Of its times, where the export always has them so."""


PRESETS: Final[dict[str, Preset]] = {
    # What this console exports: the rows behind a figure of orders.
    "opsconsole": Preset(
        columns={
            "order_id": "Order",
            "placed_at": "Placed, UTC",
            "total": "Total",
            "customer_id": "Customer",
            "country": "Country",
            "status": "State",
        },
        pending=frozenset({"pending"}),
        nothing=frozenset({"–", "guest"}),
        zone="UTC",
    ),
    # Orders → Export → plain CSV. One row a line item; only an order's first row has its total.
    "shopify": Preset(
        columns={
            "order_id": "Name",
            "placed_at": "Created at",
            "settled_at": "Paid at",
            "total": "Total",
            "refunded": "Refunded Amount",
            "currency": "Currency",
            "customer_id": "Email",
            "country": "Billing Country",
            "status": "Financial Status",
        },
        left_out=frozenset({"voided", "expired"}),
        pending=frozenset({"pending", "authorized"}),
    ),
    # The columns of the exporters that most shops use, in the shop's own time.
    "woocommerce": Preset(
        columns={
            "order_id": "order_number",
            "placed_at": "order_date",
            "settled_at": "paid_date",
            "total": "order_total",
            "refunded": "refunded_total",
            "currency": "order_currency",
            "customer_id": "billing_email",
            "country": "billing_country",
            "status": "status",
        },
        left_out=frozenset({"cancelled", "wc-cancelled", "failed", "wc-failed", "checkout-draft", "trash"}),
        pending=frozenset({"pending", "wc-pending", "on-hold", "wc-on-hold"}),
    ),
    # Admin → Orders → Export.
    "medusa": Preset(
        columns={
            "order_id": "Order_ID",
            "placed_at": "Date",
            "total": "Total",
            "refunded": "Refunded_Total",
            "currency": "Currency_Code",
            "customer_id": "Customer Email",
            "country": "Shipping_Country_Code",
            "status": "Payment_Status",
        },
        left_out=frozenset({"canceled"}),
        pending=frozenset({"not_paid", "awaiting", "authorized", "requires_action"}),
    ),
    # Sales → Orders → Export, in the shop's own time; the grid has no currency.
    "magento": Preset(
        columns={
            "order_id": "ID",
            "placed_at": "Purchase Date",
            "total": "Grand Total (Purchased)",
            "refunded": "Total Refunded",
            "customer_id": "Customer Email",
            "status": "Status",
        },
        left_out=frozenset({"canceled", "fraud", "suspected fraud"}),
        pending=frozenset({"pending", "pending payment", "pending_payment", "on hold", "holded", "payment review"}),
    ),
    # Payout reconciliation, itemized. Fees and the payouts themselves are no sale.
    "stripe": Preset(
        columns={
            "order_id": "charge_id",
            "refund_id": "balance_transaction_id",
            "placed_at": "created_utc",
            "total": "gross",
            "currency": "currency",
            "status": "reporting_category",
        },
        left_out=frozenset(
            {
                "payout",
                "payout_reversal",
                "fee",
                "network_cost",
                "tax",
                "topup",
                "topup_reversal",
                "transfer",
                "transfer_reversal",
                "dispute",
                "dispute_reversal",
                "risk_reserved_funds",
                "other_adjustment",
            }
        ),
        zone="UTC",
    ),
}
