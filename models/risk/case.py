"""One case of the risk queue: everything that is needed to decide it, in one answer."""

from __future__ import annotations

from typing import Annotated

from models.core.base import Count, CurrencyCode, Identifier, Instant, Minor, Record
from models.core.personal import PERSONAL
from models.risk.queue import EntryStatus, EntryVerdict, FulfilmentRequest, RiskQueueEntry
from models.risk.rules import Action, Decision, Score

ITEMS_MOST = 20
HISTORY_MOST = 100


class OrderItem(Record):
    """A line of the order."""

    title: str
    quantity: Count


class OrderFacts(Record):
    """The order, as it was when it became known."""

    order_id: Identifier
    placed_at: Instant
    settled_at: Instant | None = None
    """When the shop settled it; rejecting it then means a refund."""
    currency: CurrencyCode
    amount: Minor
    reporting_minor: Minor | None = None
    items: tuple[OrderItem, ...] = ()
    """The first ones; ``item_count`` counts all."""
    item_count: Count | None = None
    payment_method: str | None = None
    payment_method_age: Count | None = None
    """Minutes since this means of payment was first used."""
    card_last4: Annotated[str | None, PERSONAL] = None
    billing_country: str | None = None
    shipping_country: str | None = None
    card_country: str | None = None
    ip_country: str | None = None
    ip: Annotated[str | None, PERSONAL] = None
    """Only its network for those who may not see personal data."""


class CustomerFacts(Record):
    """Who ordered. Counts are those of the moment at which the order became known."""

    customer_id: Annotated[str | None, PERSONAL] = None
    """``None``: a guest."""
    name: Annotated[str | None, PERSONAL] = None
    email: Annotated[str | None, PERSONAL] = None
    """As ``a***@example.org`` for those who may not see personal data."""
    hidden: bool
    """Whether personal data is masked in this answer."""
    age: Count | None = None
    """Minutes the account had existed."""
    orders: Count | None = None
    refunds: Count | None = None
    chargebacks: Count | None = None


class Velocity(Record):
    """Orders that share something with this one, over a window that ends with it."""

    subject: str
    """``customer``, ``email``, ``ip``, ``card`` or ``device``."""
    metric: str
    """The metric whose value is ``total``."""
    minutes: Count
    """Length of the window."""
    counts: tuple[Count, ...]
    """Of buckets of the same length, oldest first; this order is in the last one."""
    total: Count
    most: Count | None = None
    """The largest total with which the rule does not fire; ``None`` when no rule fired on it."""
    rule_id: str | None = None


class LinkedOrder(Record):
    """Another order that shares something with this one."""

    order_id: Identifier
    shared: tuple[str, ...]
    """``customer``, ``card``, ``ip``, ``device``: at least one of them."""
    placed_at: Instant
    currency: CurrencyCode
    amount: Minor
    reporting_minor: Minor | None = None
    entry_id: str | None = None
    score: Score | None = None
    action: Action | None = None
    status: EntryStatus | None = None
    verdict: EntryVerdict | None = None
    decided_by_name: str | None = None


class CaseEvent(Record):
    """One line of the history, from the audit log."""

    at: Instant
    by: str
    by_name: str
    what: str
    """The action, such as ``risk.entry.claimed``."""
    version: Count | None = None
    reason: Annotated[str | None, PERSONAL] = None


class RiskCase(Record):
    """An entry with all that bears on it."""

    entry: RiskQueueEntry
    decision: Decision
    order: OrderFacts
    customer: CustomerFacts
    velocity: tuple[Velocity, ...]
    """Three at most: those that rules fired on first."""
    linked: tuple[LinkedOrder, ...]
    """Newest first."""
    linked_more: bool
    """Whether there are others, older ones."""
    history: tuple[CaseEvent, ...]
    """Newest first."""
    intent: FulfilmentRequest | None = None
    two_people: bool
    """Whether its amount needs a second person, by the policy of this moment."""
    as_of: Instant
