"""The nine boxes of a British VAT return, from the frozen content of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Boxes(NamedTuple):
    """As HM Revenue & Customs names them. 1 to 5 in pence, 6 to 9 in whole pounds."""

    vat_due_sales: int
    vat_due_acquisitions: int
    total_vat_due: int
    vat_reclaimed: int
    net_vat_due: int
    total_sales: int
    total_purchases: int
    total_supplies: int
    total_acquisitions: int


def boxes(content: Mapping[str, Any]) -> Boxes:
    """Boxes 3 and 5 follow from the others; pounds lose their pence, whatever the sign."""
    purchases = content["inputs"].get("purchases") or {}
    due = sum(line["tax"] for part in ("lines", "corrections") for line in content[part])
    reclaimed = purchases.get("vat", 0)
    sales = sum(line["net"] for line in content["lines"])
    # Boxes 2, 8 and 9 are of goods that came or went between Northern Ireland and the Union: there are none.
    return Boxes(due, 0, due, reclaimed, abs(due - reclaimed), _pounds(sales), _pounds(purchases.get("net", 0)), 0, 0)


def _pounds(pence: int) -> int:
    pounds = abs(pence) // 100
    return pounds if pence >= 0 else -pounds
