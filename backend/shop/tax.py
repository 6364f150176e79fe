"""What orders and refunds say of tax, as it is kept beside them: JSON that holds nothing they did not say.

Whether a VAT id can be one is decided here, once: the id itself may be erased, what follows from it stays.
"""

from __future__ import annotations

from typing import Any

from backend.core.json import dumps
from backend.shop.vat_ids import vat_id_form
from models.shop.ingest import OrderIn, RefundIn
from models.shop.tax import TaxLine


def of_order(order: OrderIn) -> str | None:
    """What is kept of an order; ``None`` when it says nothing of tax."""
    if order.tax_lines is None:
        return None
    kept: dict[str, Any] = {
        "lines": [_line(line) for line in order.tax_lines],
        "inclusive": order.price_includes_tax,
        "status": order.customer_status,
    }
    if order.vat_id is not None:
        form = vat_id_form(order.vat_id)
        kept |= {"vatId": form or order.vat_id, "vatIdValid": form is not None}
    if order.invoice_number is not None:
        kept["number"] = order.invoice_number
    if order.tax_date is not None:
        kept["date"] = order.tax_date
    if order.location_evidence:
        kept["evidence"] = [each.model_dump(mode="json") for each in order.location_evidence]
    return dumps(kept)


def of_refund(refund: RefundIn) -> str | None:
    """What is kept of a refund; ``None`` when it says nothing of tax."""
    if refund.tax_lines is None:
        return None
    kept: dict[str, Any] = {"lines": [_line(line) for line in refund.tax_lines]}
    if refund.credit_note_number is not None:
        kept["number"] = refund.credit_note_number
    return dumps(kept)


def _line(line: TaxLine) -> dict[str, Any]:
    return {
        "net": line.net,
        "tax": line.tax,
        "rate": line.rate,
        "kind": line.kind,
        "jurisdiction": line.jurisdiction,
    }
