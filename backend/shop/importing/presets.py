"""What shops and payment services export: which column holds what, and what their states mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from backend.shop.importing.states import State, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How one kind of export is read."""

    name: str
    columns: Mapping[str, str | tuple[str, ...]]
    """What the column of each field is called, in one version or another."""
    states: Mapping[str, State] = field(default_factory=dict)
    """What its words for states mean, beside those that all shops have in common."""
    nothing: frozenset[str] = frozenset()
    """Cells that say that there is nothing."""
    zone: str | None = None
    """Of its times, where the export always has them so."""
    minor: bool = False
    """Amounts are in minor units."""
    times: re.Pattern[str] | None = None
    """How its times begin, where another version that looks the same writes them, and its amounts, otherwise."""
    other: str = ""
    """What to do with that one."""


_MEDUSA: Final[dict[str, str | tuple[str, ...]]] = {
    "order_id": ("Order_ID", "Order ID"),
    "placed_at": "Date",
    "total": "Total",
    "refunded": ("Refunded Total", "Refunded_Total"),
    "currency": ("Currency Code", "Currency_Code"),
    "customer_id": ("Customer Email", "Customer_Email"),
    "country": ("Shipping Country Code", "Shipping_Country_Code"),
    "status": ("Payment Status", "Payment_Status", "Order Status", "Order_Status"),
}

PRESETS: Final[dict[str, Preset]] = {
    preset.name: preset
    for preset in (
        # What this console exports: the rows behind a figure of orders.
        Preset(
            name="opsconsole",
            columns={
                "order_id": "Order",
                "placed_at": "Placed, UTC",
                "total": "Total",
                "customer_id": "Customer",
                "country": "Country",
                "status": "State",
            },
            nothing=frozenset({"–", "guest"}),
            zone="UTC",
        ),
        # Orders → Export → plain CSV. One row a line item; only an order's first row has its total.
        Preset(
            name="shopify",
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
        ),
        # The columns of the exporters that most shops use, in the shop's own time.
        Preset(
            name="woocommerce",
            columns={
                "order_id": "order_number",
                "placed_at": "order_date",
                "settled_at": "paid_date",
                "total": "order_total",
                "refunded": ("refunded_total", "refunds"),
                "currency": "order_currency",
                "customer_id": "billing_email",
                "country": "billing_country",
                "status": "status",
            },
            states=words(
                paid="wc-completed, wc-processing",
                pending="wc-pending, wc-on-hold",
                left_out="wc-cancelled, wc-failed, wc-checkout-draft",
                refunded="wc-refunded",
            ),
        ),
        # Version 2: Admin → Orders → Export. Amounts are in units, times as 2026-05-01T10:00:00.000Z.
        Preset(
            name="medusa",
            columns=_MEDUSA,
            times=re.compile(r"\d{4}-"),
            other="Medusa 2 does not write times so; for Medusa 1 (amounts in minor units) say --from medusa-1",
        ),
        # Version 1: the same columns, semicolons, times as Fri, 01 May 2026 10:00:00 GMT, and amounts in minor units.
        Preset(
            name="medusa-1",
            columns=_MEDUSA,
            minor=True,
            times=re.compile(r"[A-Z][a-z]{2}, "),
            other="Medusa 1 does not write times so; for Medusa 2 (amounts in units) say --from medusa",
        ),
        # Sales → Orders → Export, in the shop's own time; the grid has no currency.
        Preset(
            name="magento",
            columns={
                "order_id": "ID",
                "placed_at": "Purchase Date",
                "total": "Grand Total (Purchased)",
                "refunded": "Total Refunded",
                "customer_id": "Customer Email",
                "status": "Status",
            },
            states=words(
                paid="paypal canceled reversal",
                pending="pending paypal",
                left_out="fraud, suspected fraud",
                refunded="closed",
                partly_refunded="paypal reversed",
            ),
        ),
        # Payout reconciliation, itemized; or Payments → Export. Fees and the payouts themselves are no sale.
        Preset(
            name="stripe",
            columns={
                "order_id": ("charge_id", "id"),
                "refund_id": "balance_transaction_id",
                "placed_at": ("created_utc", "Created date (UTC)"),
                "total": ("gross", "Amount"),
                "refunded": "Amount Refunded",
                "currency": "currency",
                "customer_id": ("customer_email", "Customer Email"),
                "status": ("reporting_category", "Status"),
            },
            states=words(
                # What is taken back of a charge is below zero, and a refund by its sign.
                paid="charge, charge failure, partial capture reversal, payment, payment failure reversal, refund, "
                "payment refund, payment reversal",
                refund_failed="refund failure, payment refund failure",
                left_out="advance, advance funding, anticipation repayment, climate order purchase, "
                "climate order refund, connect collection transfer, connect reserved funds, contribution, dispute, "
                "dispute reversal, fee, financing paydown, financing paydown reversal, financing payout, "
                "financing payout reversal, issuing authorization hold, issuing authorization release, "
                "issuing dispute, issuing transaction, minimum balance hold, network cost, obligation, "
                "other adjustment, adjustment, payout, payout reversal, platform earning, platform earning refund, "
                "reserve, risk reserved funds, tax, topup, topup reversal, transfer, transfer reversal, "
                "unreconciled customer funds",
            ),
            zone="UTC",
        ),
    )
}
