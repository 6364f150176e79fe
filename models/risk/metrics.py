"""What a fraud rule can ask about an order: every metric with its kind, unit and words. Specification: FraudRule.

The keys are also the columns of ``risk_order``, where the values an order had when it became known are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.core import normal_form


class MetricType(StrEnum):
    """What a metric's values are, and thereby what can be asked of it."""

    NUMBER = "number"
    MONEY = "money"
    """Minor units of the reporting currency."""
    MINUTES = "minutes"
    FLAG = "flag"
    TEXT = "text"


class Operator(StrEnum):
    """How a value is compared."""

    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    EQ = "eq"
    NE = "ne"
    IS = "is"
    IN = "in"
    NOT_IN = "not_in"
    IN_LIST = "in_list"
    NOT_IN_LIST = "not_in_list"


NUMERIC: Final = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.EQ, Operator.NE)
TEXTUAL: Final = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN)
LISTED: Final = (Operator.IN_LIST, Operator.NOT_IN_LIST)

OPERATORS: Final[dict[MetricType, tuple[Operator, ...]]] = {
    MetricType.NUMBER: NUMERIC,
    MetricType.MONEY: NUMERIC,
    MetricType.MINUTES: NUMERIC,
    MetricType.FLAG: (Operator.IS,),
    MetricType.TEXT: TEXTUAL,
}

VELOCITY_MOST = 200
"""Velocity counts no further than so many orders, newest first: a card under attack costs no more than any other."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing a rule can ask about."""

    key: str
    kind: MetricType
    title: str
    """Such as *Orders with this card in 1 h*."""
    group: str
    """Heading it stands under where one chooses."""
    listed: bool = False
    """Whether lists can hold its values."""
    most: int | None = None
    """Largest value there can be."""

    @property
    def personal(self) -> bool:
        """Whether its values single out a customer."""
        return self.key in _SINGLING_OUT

    @property
    def operators(self) -> tuple[Operator, ...]:
        """What can be asked of it."""
        return OPERATORS[self.kind] + (LISTED if self.listed else ())


WINDOWS: Final = (
    ("10m", 10, "10 min"),
    ("1h", 60, "1 h"),
    ("24h", 1_440, "24 h"),
    ("7d", 10_080, "7 d"),
    ("30d", 43_200, "30 d"),
)
"""Key, minutes and words of the windows of velocity; each ends at the order's instant, which it includes."""

SUBJECTS: Final = (
    ("customer", "customer_id", "by this customer"),
    ("email", "email", "with this e-mail"),
    ("alias", "email_alias", "with this mailbox"),
    ("ip", "ip", "from this IP"),
    ("network", "ip_network", "from this network"),
    ("card", "card", "with this card"),
    ("device", "device", "from this device"),
)
"""Prefix of the metrics, column of ``risk_order``, and words of what orders have in common."""


_SINGLING_OUT: Final = frozenset(column for _, column, _ in SUBJECTS)


def _velocity() -> list[Metric]:
    return [
        metric
        for prefix, _, words in SUBJECTS
        for key, _, window in WINDOWS
        for metric in (
            Metric(
                f"{prefix}_orders_{key}",
                MetricType.NUMBER,
                f"Orders {words} in {window}",
                "Velocity",
                most=VELOCITY_MOST,
            ),
            Metric(f"{prefix}_amount_{key}", MetricType.MONEY, f"Amount {words} in {window}", "Velocity"),
        )
    ]


def _differences() -> list[Metric]:
    pairs = (
        ("billing", "shipping"),
        ("billing", "ip"),
        ("billing", "card"),
        ("shipping", "ip"),
        ("shipping", "card"),
        ("ip", "card"),
    )
    words = {"billing": "billing", "shipping": "shipping", "ip": "IP", "card": "card"}
    return [
        Metric(f"{a}_{b}_differ", MetricType.FLAG, f"Countries of {words[a]} and {words[b]} differ", "Countries")
        for a, b in pairs
    ]


METRICS: Final[dict[str, Metric]] = {
    metric.key: metric
    for metric in (
        Metric("order_value", MetricType.MONEY, "Order value", "Order"),
        Metric("currency", MetricType.TEXT, "Currency", "Order"),
        Metric("item_count", MetricType.NUMBER, "Items", "Order"),
        Metric("hour_of_day", MetricType.NUMBER, "Hour of day, UTC", "Order", most=23),
        Metric("billing_country", MetricType.TEXT, "Country of billing", "Countries", listed=True),
        Metric("shipping_country", MetricType.TEXT, "Country of shipping", "Countries", listed=True),
        Metric("ip_country", MetricType.TEXT, "Country of the IP", "Countries", listed=True),
        Metric("card_country", MetricType.TEXT, "Country of the card", "Countries", listed=True),
        *_differences(),
        Metric("customer_id", MetricType.TEXT, "Customer", "Customer", listed=True),
        Metric("customer_age", MetricType.MINUTES, "Age of the account", "Customer"),
        Metric("customer_orders", MetricType.NUMBER, "Earlier orders of the customer", "Customer", most=VELOCITY_MOST),
        Metric("customer_refunds", MetricType.NUMBER, "Refunds of the customer", "Customer", most=VELOCITY_MOST),
        Metric(
            "customer_chargebacks", MetricType.NUMBER, "Chargebacks of the customer", "Customer", most=VELOCITY_MOST
        ),
        Metric("email", MetricType.TEXT, "E-mail", "Customer", listed=True),
        Metric("email_alias", MetricType.TEXT, "Mailbox of the e-mail", "Customer", listed=True),
        Metric("email_domain", MetricType.TEXT, "E-mail domain", "Customer", listed=True),
        Metric("payment_method", MetricType.TEXT, "Payment method", "Payment"),
        Metric("payment_method_age", MetricType.MINUTES, "Age of the payment method", "Payment"),
        Metric("card", MetricType.TEXT, "Card", "Payment", listed=True),
        Metric("ip", MetricType.TEXT, "IP", "Device and network", listed=True),
        Metric("ip_network", MetricType.TEXT, "Network of the IP", "Device and network", listed=True),
        Metric("device", MetricType.TEXT, "Device", "Device and network", listed=True),
        *_velocity(),
    )
}
"""By key, in the order in which they are offered."""

_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "currency": normal_form.currency,
    "email": normal_form.email,
    "email_alias": normal_form.email_alias,
    "email_domain": normal_form.domain,
    "ip": normal_form.ip,
    "ip_network": normal_form.network_of,
    "payment_method": lambda text: normal_form.visible(text.lower()),
    **dict.fromkeys(("billing_country", "shipping_country", "ip_country", "card_country"), normal_form.country),
}


_CHECKED: Final[dict[str, Callable[[str], str]]] = {
    "email": normal_form.checked_email,
    "email_alias": lambda text: normal_form.email_alias(normal_form.checked_email(text)),
    "email_domain": normal_form.checked_domain,
}
"""Of what somebody means to compare orders with: it must be what an order can have."""


def normal(key: str, value: str) -> str:
    """A text value of a metric as it is kept and compared; empty when it says nothing, as XX does of a country.

    An IP or network that is none stays as it is; ``checked_normal`` refuses it.
    """
    try:
        return _FORMS.get(key, normal_form.identifier)(value)
    except ValueError:
        return normal_form.visible(value)


def checked_normal(key: str, value: str) -> str:
    """As ``normal``, but raises ValueError, in words, for what no order can have: an e-mail address without @."""
    return (_CHECKED.get(key) or _FORMS.get(key, normal_form.identifier))(value)
