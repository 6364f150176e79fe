"""One case: all that is needed to decide an entry, read at once."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.core.security import Principal
from backend.risk.mask import masked, masked_decision, may_see
from backend.risk.queue import queries, reads
from models.risk.case import (
    ITEMS_MOST,
    CaseEvent,
    CustomerFacts,
    LinkedOrder,
    OrderFacts,
    OrderItem,
    RiskCase,
    Velocity,
)
from models.risk.metrics import METRICS, SUBJECTS, WINDOWS, Operator
from models.risk.queue import LINKED_MOST, FulfilmentRequest, RiskQueueEntry
from models.risk.rules import Action, Decision, Fired, ListHit

BUCKETS: Final = 12
CHARTS: Final = 3
_USUAL: Final = (("card", "1h"), ("customer", "24h"), ("ip", "1h"), ("email", "24h"), ("device", "1h"))
"""What is charted where no rule asked for anything: what orders are counted by, and the window."""
_COLUMNS: Final = {prefix: column for prefix, column, _ in SUBJECTS}
_MINUTES: Final = {key: minutes for key, minutes, _ in WINDOWS}


async def read(connection: Connection, entry_id: UUID, principal: Principal) -> RiskCase:
    """The case of an entry, as somebody may see it. Raises ProblemError 404."""
    entry = await reads.entry(connection, entry_id)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.case, {"entry_id": entry_id}, prepare=True)
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an entry has an order with a decision, by its keys
    fired = tuple(Fired.model_validate(each) for each in row["explanation"])
    linked = tuple(LinkedOrder.model_validate(each) for each in row["linked"][:LINKED_MOST])
    threshold = row["two_person_minor"]
    return RiskCase(
        entry=entry,
        decision=masked_decision(_decision(row, entry, fired), principal),
        order=_order(row, entry, principal),
        customer=_customer(row, principal),
        velocity=await _velocity(connection, row, fired),
        linked=linked,
        linked_more=len(row["linked"]) > LINKED_MOST,
        history=tuple(CaseEvent.model_validate(each) for each in row["history"]),
        intent=None if row["intent"] is None else FulfilmentRequest.model_validate(row["intent"]),
        # What was proposed needs the other one still, whatever has become of the limit since.
        two_people=(entry.proposal is not None or entry.reporting_minor is None or entry.reporting_minor >= threshold),
        as_of=row["now"],
    )


def _decision(row: dict[str, Any], entry: RiskQueueEntry, fired: tuple[Fired, ...]) -> Decision:
    return Decision(
        decision_id=row["decision_id"],
        order_id=row["id"],
        score=row["decision_score"],
        action=Action(row["decision_action"]),
        triggered_rules=tuple(row["triggered"]),
        explanation=fired,
        lists=tuple(ListHit.model_validate(hit) for hit in row["list_hits"]),
        snoozed_rules=tuple(row["quiet"]),
        missing=tuple(row["missing"]),
        rule_set_id=row["rule_set_id"],
        rule_set_number=row["rule_set_number"],
        entry_id=entry.entry_id,
        decided_at=row["decided_at"],
    )


def _order(row: dict[str, Any], entry: RiskQueueEntry, principal: Principal) -> OrderFacts:
    items = [each for each in row["items"] or () if isinstance(each, dict)]
    return OrderFacts(
        order_id=row["id"],
        placed_at=row["placed_at"],
        settled_at=row["settled_at"],
        currency=row["currency"],
        amount=row["minor"],
        reporting_minor=row["order_value"],
        items=tuple(
            OrderItem(title=str(title), quantity=each.get("quantity", 1))
            for each in items[:ITEMS_MOST]
            if (title := each.get("title") or each.get("sku"))
        ),
        item_count=row["item_count"],
        payment_method=row["payment_method"],
        payment_method_age=row["payment_method_age"],
        card_last4=entry.card_last4,
        billing_country=row["billing_country"],
        shipping_country=row["shipping_country"],
        card_country=row["card_country"],
        ip_country=row["ip_country"],
        ip=row["ip"] if may_see(principal) else masked("ip", row["ip"]),
    )


def _customer(row: dict[str, Any], principal: Principal) -> CustomerFacts:
    personal = may_see(principal)
    return CustomerFacts(
        customer_id=row["customer_id"],
        name=row["customer_name"] if personal else None,
        email=row["email"] if personal else masked("email", row["email"]),
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
        **{name: row[name] for name in ("email", "email_alias", "ip", "ip_network", "card", "device")},
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
