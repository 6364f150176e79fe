"""Order and customer of a case, as lines of name, words, and whether the words are strong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.risk.wording import duration
from models.core.formatting import money
from views.risk.triage.case_sections import joined
from views.risk.triage.wording import country, moment

if TYPE_CHECKING:
    from models.risk.case import RiskCase

CaseLines = list[tuple[str, str, bool]]


def order_lines(case: RiskCase, reporting: str, now: datetime) -> CaseLines:
    """Lines about the order."""
    order = case.order
    lines = [("Number", order.order_id, False)]
    if order.items:
        more = (order.item_count or len(order.items)) - order.items[0].quantity
        first = order.items[0]
        words = f"{first.quantity} × {first.title}" if first.quantity > 1 else first.title
        lines.append(("Items", f"{words} and {more} more" if more > 0 else words, False))
    elif order.item_count is not None:
        lines.append(("Items", str(order.item_count), False))
    if reporting and order.currency != reporting:
        lines.append(("Charged", _money(case), False))
    lines.append(("Paid with", _paid(case), False))
    lines.append(("Network", _network(case), False))
    places = [("billed to", order.billing_country), ("sent to", order.shipping_country)]
    listed = ", ".join(f"{words} {country(code)}" for words, code in places if code)
    if listed:
        lines.append(("Places", listed[:1].upper() + listed[1:], False))
    if order.settled_at is not None:
        lines.append(("Settled", f"{moment(order.settled_at, now)} UTC: a rejection is refunded", False))
    lines.append(("Shop", _shop(case), True))
    return lines


def _money(case: RiskCase) -> str:
    return f"{money(case.order.amount, case.order.currency)} {case.order.currency}"


def _paid(case: RiskCase) -> str:
    order = case.order
    method = (order.payment_method or "not known").replace("_", " ")
    words = method[:1].upper() + method[1:]
    if order.card_last4:
        words += f" {order.card_last4}"
    if order.card_country:
        words += f", {country(order.card_country)}"
    if order.payment_method_age is not None:
        words += f", first used {duration(order.payment_method_age)} before"
    return words


def _network(case: RiskCase) -> str:
    order = case.order
    known = [country(order.ip_country) if order.ip_country else "", order.ip or ""]
    return ", ".join(filter(None, known)) or "not known"


def _shop(case: RiskCase) -> str:
    request = case.intent
    if request is None:
        return "not released yet"
    verb = {"release": "release", "refund": "refund", "cancel": "cancel"}[request.kind]
    done = {"release": "released", "refund": "refunded", "cancel": "cancelled"}[request.kind]
    match request.state:
        case "done":
            at = f" {request.done_at.astimezone(UTC):%H:%M:%S} UTC" if request.done_at else ""
            return f"{done}{at}"
        case "failed":
            return f"could not {verb} it: {request.problem or 'the shop refused'}"
        case "withdrawn":
            return "not released yet"
        case _:
            return f"asked to {verb} it" + (f"; {request.problem}" if request.problem else "")


def customer_lines(case: RiskCase) -> CaseLines:
    """Lines about who ordered."""
    customer = case.customer
    lines = [("Customer", customer.customer_id or "a guest", False)]
    if customer.name:
        lines.append(("Name", customer.name, False))
    if customer.email:
        lines.append(("E-mail", customer.email, False))
    if customer.customer_id is not None:
        lines.append(("Joined", joined(customer.age, case.order.placed_at), False))
    for name, value in (("Orders", customer.orders), ("Refunds", customer.refunds)):
        lines.append((name, "not known" if value is None else f"{value} before", False))
    charged = customer.chargebacks
    lines.append(("Chargebacks", "not known" if charged is None else str(charged), bool(charged)))
    return lines
