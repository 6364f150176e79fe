"""What a rule can ask about an order, worked out at the instant it becomes known: one Python function, one SQL text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString

from psycopg import sql

from models.risk.metrics import SUBJECTS, VELOCITY_MOST, WINDOWS, normal
from models.risk.rules import FraudCheck

MINUTE = timedelta(minutes=1)
COUNTRIES: Final = ("billing", "shipping", "ip", "card")


def order_values(request: FraudCheck) -> dict[str, Any]:
    """Columns of ``risk_order`` that follow from the order alone; what is not known is ``None``."""
    customer, payment = request.customer, request.payment
    placed_at = request.placed_at.astimezone(UTC)
    countries = {
        "billing": _text("billing_country", request.billing_country),
        "shipping": _text("shipping_country", request.shipping_country),
        "ip": _text("ip_country", request.ip_country),
        "card": _text("card_country", payment.card_country),
    }
    email = _text("email", customer.email)
    return {
        "id": request.id,
        "placed_at": placed_at,
        "minor": request.total,
        "currency": request.currency,
        "customer_id": _text("customer_id", customer.id),
        "email": email,
        "email_alias": _text("email_alias", email),
        "email_domain": None if email is None else email.rpartition("@")[2] or None if "@" in email else None,
        "ip": request.ip,
        "ip_network": _text("ip_network", request.ip),
        "card": _text("card", payment.card_fingerprint),
        "device": _text("device", request.device_id),
        # Without a word about items their number is unknown; an empty list says that there are none.
        "item_count": sum(item.quantity for item in request.items) if "items" in request.model_fields_set else None,
        "hour_of_day": placed_at.hour,
        "customer_age": _minutes(customer.created_at, placed_at),
        "payment_method": _text("payment_method", payment.method),
        "payment_method_age": _minutes(payment.method_created_at, placed_at),
        **{f"{name}_country": country for name, country in countries.items()},
        **{
            f"{a}_{b}_differ": None if countries[a] is None or countries[b] is None else countries[a] != countries[b]
            for number, a in enumerate(COUNTRIES)
            for b in COUNTRIES[number + 1 :]
        },
    }


def _text(key: str, value: str | None) -> str | None:
    return None if value is None else normal(key, value) or None


def _minutes(since: datetime | None, until: datetime) -> int | None:
    """Whole minutes; what lies ahead says nothing about an age."""
    return None if since is None or since > until else (until - since) // MINUTE


COUNTED: Final = (
    *(f"{prefix}_{what}_{key}" for prefix, _, _ in SUBJECTS for key, _, _ in WINDOWS for what in ("orders", "amount")),
    "customer_orders",
    "customer_refunds",
    "customer_chargebacks",
)
"""Metrics that come from other orders: the columns of ``counted_sql``."""

# Of the orders known before this one, those with the same value, newest first; this one makes it VELOCITY_MOST.
# "seq + 0" keeps seq out of the index condition: the planner would take skipping through the index for so dear that it
# reads a month of all orders instead.
_VELOCITY = sql.SQL(
    "left join lateral (select {columns} from (select p.placed_at, p.order_value from risk_order as p"
    " where p.{column} = o.{column} and p.placed_at <= o.placed_at and p.placed_at > o.placed_at - interval {longest}"
    " and p.seq + 0 < o.below and p.seq <> o.own order by p.placed_at desc, p.seq limit {most}) as p)"
    " as {name} on o.{column} is not null"
)
_WITHIN = sql.SQL("p.placed_at > o.placed_at - interval {}")
_ORDERS = sql.SQL("1 + count(*) filter (where {within}) as {name}")
# An amount that lacks a part is unknown.
_AMOUNT = sql.SQL(
    "case when count(*) filter (where {within} and p.order_value is null) = 0"
    " then o.order_value + coalesce(sum(p.order_value) filter (where {within}), 0)::bigint end as {name}"
)
_HISTORY = sql.SQL(
    "left join lateral (select"
    " (select count(*) from (select from risk_order as p where p.customer_id = o.customer_id"
    " and p.placed_at <= o.placed_at and p.seq + 0 < o.below and p.seq <> o.own limit {most}) as p) as customer_orders,"
    " (select count(*) from (select from refunds as r where r.customer_id = o.customer_id"
    " and r.refunded_at <= o.placed_at limit {most}) as r) as customer_refunds,"
    " (select count(*) from (select from risk_outcome as c where c.customer_id = o.customer_id"
    " and c.happened_at <= o.placed_at and c.kind = 'chargeback'"
    " and (c.withdrawn_at is null or c.withdrawn_at > o.placed_at) limit {most}) as c) as customer_chargebacks"
    ") as history on o.customer_id is not null"
)


def _minutes_text(minutes: int) -> sql.Literal:
    return sql.Literal(f"{minutes} minutes")


def _velocity(prefix: str, column: str) -> sql.Composed:
    columns = []
    for key, minutes, _ in WINDOWS:
        within = _WITHIN.format(_minutes_text(minutes))
        columns += [
            _ORDERS.format(within=within, name=sql.Identifier(f"{prefix}_orders_{key}")),
            _AMOUNT.format(within=within, name=sql.Identifier(f"{prefix}_amount_{key}")),
        ]
    return _VELOCITY.format(
        columns=sql.SQL(", ").join(columns),
        column=sql.Identifier(column),
        longest=_minutes_text(max(minutes for _, minutes, _ in WINDOWS)),
        most=sql.Literal(VELOCITY_MOST - 1),
        name=sql.Identifier(f"of_{column}"),
    )


def counted_sql(orders: LiteralString) -> LiteralString:
    """A query that answers ``id``, ``order_value`` and the columns COUNTED for each of ``orders``.

    ``orders`` is a query with the columns ``id``, ``placed_at``, ``order_value``, those of SUBJECTS, and which earlier
    orders count: those with ``seq`` smaller than ``below`` but not ``own``.
    """
    history = _HISTORY.format(most=sql.Literal(VELOCITY_MOST))
    composed = sql.SQL("select o.id, o.order_value, {columns} from ({orders}) as o {joins}").format(
        columns=sql.SQL(", ").join(map(sql.Identifier, COUNTED)),
        orders=sql.SQL(orders),
        joins=sql.SQL(" ").join([*(_velocity(prefix, column) for prefix, column, _ in SUBJECTS), history]),
    )
    return composed.as_string()
