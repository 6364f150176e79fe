"""One case: all that is needed to decide an entry, read at once."""

from __future__ import annotations

import ipaddress
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.database import Connection
from backend.risk.queue import find, queries
from models.risk import Action, Decision, Fired, ListHit
from models.risk_case import (
    HISTORY_MOST,
    ITEMS_MOST,
    CaseEvent,
    CustomerFacts,
    LinkedOrder,
    OrderFacts,
    OrderItem,
    RiskCase,
    Velocity,
)
from models.risk_metrics import LISTED, METRICS, SUBJECTS, WINDOWS, Operator
from models.risk_queue import LINKED_MOST, Intent, RiskQueueEntry

BUCKETS: Final = 12
CHARTS: Final = 3
_USUAL: Final = (("card", "1h"), ("customer", "24h"), ("ip", "1h"), ("email", "24h"), ("device", "1h"))
"""What is charted where no rule asked for anything: what orders are counted by, and the window."""
_COLUMNS: Final = {prefix: column for prefix, column, _ in SUBJECTS}
_MINUTES: Final = {key: minutes for key, minutes, _ in WINDOWS}


async def read(connection: Connection, entry_id: UUID, *, personal: bool) -> RiskCase:
    """The case of an entry; ``personal`` tells whether who asks may see personal data. Raises ProblemError 404."""
    entry = await find.entry(connection, entry_id)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            queries.case, {"entry_id": entry_id, "most": LINKED_MOST, "history": HISTORY_MOST}, prepare=True
        )
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an entry has an order with a decision, by its keys
    fired = tuple(Fired.model_validate(each) for each in row["explanation"])
    linked = tuple(LinkedOrder.model_validate(each) for each in row["linked"][:LINKED_MOST])
    threshold = row["two_person_minor"]
    return RiskCase(
        entry=entry,
        decision=_decision(row, entry, fired, personal=personal),
        order=_order(row, entry, personal=personal),
        customer=_customer(row, personal=personal),
        velocity=await _velocity(connection, row, fired),
        linked=linked,
        linked_more=len(row["linked"]) > LINKED_MOST,
        history=tuple(CaseEvent.model_validate(each) for each in row["history"]),
        intent=None if row["intent"] is None else Intent.model_validate(row["intent"]),
        two_people=entry.reporting_minor is None or entry.reporting_minor >= threshold,
        as_of=row["now"],
    )


def _decision(row: dict[str, Any], entry: RiskQueueEntry, fired: tuple[Fired, ...], *, personal: bool) -> Decision:
    return Decision(
        decision_id=row["decision_id"],
        order_id=row["id"],
        score=row["decision_score"],
        action=Action(row["decision_action"]),
        triggered_rules=tuple(row["triggered"]),
        explanation=fired if personal else tuple(_masked_rule(each) for each in fired),
        lists=tuple(
            ListHit(
                list_id=hit["listId"],
                kind=hit["kind"],
                metric=hit["metric"],
                value=str(_shown(hit["metric"], row.get(hit["metric"]), personal=personal)),
            )
            for hit in row["list_hits"]
        ),
        snoozed_rules=tuple(row["snoozed"]),
        missing=tuple(row["missing"]),
        rule_set_id=row["rule_set_id"],
        rule_set_number=row["rule_set_number"],
        entry_id=entry.entry_id,
        decided_at=row["decided_at"],
    )


def _masked_rule(fired: Fired) -> Fired:
    """A rule may compare an e-mail or an address: those values are masked too. What it asks of lists is their id."""
    conditions = tuple(
        each.model_copy(
            update={
                name: _shown(each.metric, getattr(each, name), personal=False)
                for name in ("actual",) + (() if each.operator in LISTED else ("value",))
            }
        )
        for each in fired.conditions
    )
    return fired.model_copy(update={"conditions": conditions})


def _shown(metric: str, value: Any, *, personal: bool) -> Any:
    if value is None:
        return None
    mask = {"email": masked_email, "ip": masked_ip}.get(metric)
    if mask is None:
        # A token for the card or the device, of no use to anybody but rules.
        return "hidden" if metric in {"card", "device"} else value
    if personal:
        return value
    return [mask(str(each)) for each in value] if isinstance(value, list | tuple) else mask(str(value))


def masked_email(email: str) -> str:
    """``a***@example.org``."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else "***"


def masked_ip(text: str) -> str:
    """The network: ``105.112.7.0/24``, for IPv6 its first 48 bits."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "hidden"
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


def _order(row: dict[str, Any], entry: RiskQueueEntry, *, personal: bool) -> OrderFacts:
    items = [each for each in row["items"] or () if isinstance(each, dict)]
    return OrderFacts(
        order_id=row["id"],
        placed_at=row["placed_at"],
        settled_at=row["settled_at"],
        currency=row["currency"],
        amount=row["minor"],
        reporting_minor=row["order_value"],
        items=tuple(
            OrderItem(title=str(each.get("title") or each.get("sku") or "?"), quantity=each.get("quantity", 1))
            for each in items[:ITEMS_MOST]
        ),
        item_count=row["item_count"],
        payment_method=row["payment_method"],
        payment_method_age=row["payment_method_age"],
        card_last4=entry.card_last4,
        billing_country=row["billing_country"],
        shipping_country=row["shipping_country"],
        card_country=row["card_country"],
        ip_country=row["ip_country"],
        ip=_shown("ip", row["ip"], personal=personal),
    )


def _customer(row: dict[str, Any], *, personal: bool) -> CustomerFacts:
    return CustomerFacts(
        customer_id=row["customer_id"],
        name=row["customer_name"] if personal else None,
        email=_shown("email", row["email"], personal=personal),
        hidden=not personal,
        age=row["customer_age"],
        orders=row["customer_orders"],
        refunds=row["customer_refunds"],
        chargebacks=row["customer_chargebacks"],
    )


async def _velocity(connection: Connection, row: dict[str, Any], fired: tuple[Fired, ...]) -> tuple[Velocity, ...]:
    """Charts of what rules fired on, then the usual ones, of what the order has."""
    charts: dict[tuple[str, str], tuple[int | None, str | None]] = {}
    for rule in fired:
        for each in rule.conditions:
            subject, _, window = each.metric.partition("_orders_")
            if window and each.metric in METRICS and each.holds:
                charts.setdefault((subject, window), (_most(each.operator, each.value), rule.rule_id))
    for key in _USUAL:
        if not any(subject == key[0] for subject, _ in charts):
            charts[key] = (None, None)
    wanted = [key for key in charts if row[_COLUMNS[key[0]]] is not None][:CHARTS]
    if not wanted:
        return ()
    values = {
        "subjects": [subject for subject, _ in wanted],
        "minutes": [_MINUTES[window] for _, window in wanted],
        "at": row["placed_at"],
        "seq": row["seq"],
        "buckets": BUCKETS,
        "customer": row["customer_id"],
        **{name: row[name] for name in ("email", "ip", "card", "device")},
    }
    counts = [[0] * BUCKETS for _ in wanted]
    for number, bucket, count in await (await connection.execute(queries.velocity, values, prepare=True)).fetchall():
        # An order at the very end of the window, as this one is, counts in the last bucket.
        counts[number - 1][min(bucket, BUCKETS) - 1] += count
    return tuple(
        Velocity(
            subject=subject,
            metric=f"{subject}_orders_{window}",
            minutes=_MINUTES[window],
            counts=tuple(series),
            total=sum(series),
            most=charts[subject, window][0],
            rule_id=charts[subject, window][1],
        )
        for (subject, window), series in zip(wanted, counts, strict=True)
    )


def _most(operator: Operator, value: Any) -> int | None:
    """The largest count with which a condition does not hold; ``None`` where more is not what it asks for."""
    match operator:
        case Operator.GT:
            return int(value)
        case Operator.GTE:
            return max(int(value) - 1, 0)
        case _:
            return None
