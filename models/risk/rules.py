"""Fraud rules, checks and the risk queue. Specification: "Fraud Monitoring & Risk Queue", FraudRule, RiskQueueEntry."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from models.core import normal_form
from models.core.base import (
    Count,
    EventInstant,
    GivenCountry,
    GivenCurrency,
    Identifier,
    Instant,
    Integer,
    Minor,
    OptionalOutsideId,
    OutsideId,
    PlainText,
    PositiveMinor,
    Record,
    Request,
    RequiredText,
    Text,
    Version,
    not_too_deep,
    plain_integer,
)
from models.core.personal import PERSONAL, Personal
from models.risk.metrics import LISTED, METRICS, NUMERIC, MetricType, Operator, normal

SCORE_MOST = 100
RULES_MOST = 200
CONDITIONS_MOST = 1_000
"""Of all rules of a set together."""
VALUES_MOST = 200

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60, examples=["velocity-card"])]
Points = Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=SCORE_MOST)]
Score = Annotated[int, BeforeValidator(plain_integer), Field(ge=0, le=SCORE_MOST)]
Short = Annotated[PlainText, Field(min_length=1, max_length=200)]
MetricKey = Annotated[str, Field(json_schema_extra={"enum": list(METRICS)})]


class Action(StrEnum):
    """What is recommended for an order; the strongest of the rules that fired."""

    APPROVE = "approve"
    FLAG = "flag"
    REVIEW = "review"
    BLOCK = "block"


STRENGTH = {Action.APPROVE: 0, Action.FLAG: 1, Action.REVIEW: 2, Action.BLOCK: 3}

# --- rules ---------------------------------------------------------------------------------------------------------


def _is_of_customer(compared: Any) -> bool:
    metric = METRICS.get(compared.metric)
    return metric is None or metric.personal


def _names_customers(compared: Any) -> bool:
    # Where a list is asked, the value is the list's id.
    return _is_of_customer(compared) and compared.operator not in LISTED


class Condition(Request):
    """One comparison. A value that is missing or unknown makes it false, whatever the operator."""

    metric: MetricKey
    operator: Operator
    value: Annotated[
        bool | Integer | Short | Annotated[tuple[Short, ...], Field(min_length=1, max_length=VALUES_MOST)],
        Personal(only_if=_names_customers),
    ]
    """A whole number (money in minor units of the reporting currency), true or false, a text, texts, or a list's id."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        # Before the union chooses: pydantic would read 5.5 and "5" as whole numbers where it can.
        if isinstance(data, dict) and isinstance(data.get("value"), float) and not data["value"].is_integer():
            raise ValueError("value: a whole number is expected; money is in minor units")
        return data

    @model_validator(mode="after")
    def _fits(self) -> Self:
        metric = METRICS.get(self.metric)
        if metric is None:
            raise ValueError("no metric is called that; the contract lists them")
        if self.operator not in metric.operators:
            allowed = ", ".join(metric.operators)
            raise ValueError(f"{metric.title}: {self.operator} cannot be asked, only {allowed}")
        value = self.value
        if self.operator in NUMERIC and metric.kind is not MetricType.TEXT:
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"{metric.title}: the value is a whole number")
            if metric.most is not None and not 0 <= value <= metric.most:
                raise ValueError(f"{metric.title}: the value lies between 0 and {metric.most}")
        elif self.operator is Operator.IS:
            if not isinstance(value, bool):
                raise ValueError(f"{metric.title}: the value is true or false")
        elif self.operator in {Operator.IN, Operator.NOT_IN}:
            if not isinstance(value, tuple):
                raise ValueError(f"{metric.title}: the value is a list of texts")
        elif not isinstance(value, str):
            raise ValueError(f"{metric.title}: the value is a text")
        return self

    @property
    def compared(self) -> Any:
        """The value in the form in which metrics are kept."""
        value = self.value
        if self.operator in LISTED:
            return value
        if isinstance(value, str):
            return normal(self.metric, value)
        return tuple(normal(self.metric, each) for each in value) if isinstance(value, tuple) else value


class AnyOf(Request):
    """Holds when one of its conditions does."""

    any: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=20)]


class Cap(Request):
    """Past any of these within an hour the rule is demoted to *flag* by itself. Specification: none; ours."""

    orders: Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=100_000)] | None = None
    amount: PositiveMinor | None = None
    """Minor units of the reporting currency."""
    share: Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=100)] | None = None
    """Percent of the orders checked, from twenty of them on."""


class FraudRule(Request):
    """FraudRule of the specification. All its conditions must hold."""

    rule_id: Slug
    description: Short
    conditions: Annotated[tuple[Condition | AnyOf, ...], Field(min_length=1, max_length=20)]
    severity: Points
    """What it adds to the score."""
    action: Literal[Action.FLAG, Action.REVIEW, Action.BLOCK]
    enabled: bool = True
    cap: Cap = Cap(orders=200)

    def each_condition(self) -> tuple[Condition, ...]:
        """All conditions, those in groups too."""
        return tuple(
            condition
            for entry in self.conditions
            for condition in (entry.any if isinstance(entry, AnyOf) else (entry,))
        )

    @property
    def lists(self) -> frozenset[str]:
        """Ids of the lists it asks."""
        return frozenset(str(each.value) for each in self.each_condition() if each.operator in LISTED)


Rules = Annotated[tuple[FraudRule, ...], Field(max_length=RULES_MOST)]


def each_once(rules: tuple[FraudRule, ...]) -> None:
    """Raises ValueError when two rules have one id, or all of them have too many conditions."""
    if sum(len(rule.each_condition()) for rule in rules) > CONDITIONS_MOST:
        raise ValueError(f"a rule set has at most {CONDITIONS_MOST} conditions; merge rules or use lists")
    seen = set[str]()
    for rule in rules:
        if rule.rule_id in seen:
            raise ValueError(f"two rules are called {rule.rule_id}")
        seen.add(rule.rule_id)


class RuleSetState(StrEnum):
    """Where a rule set stands. Exactly one is published."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
    DISCARDED = "discarded"


class RuleSetDraft(Request):
    """A new draft; without rules it begins with those of ``based_on``, or of the published set."""

    title: Short
    rules: Rules | None = None
    based_on: Identifier | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        each_once(self.rules or ())
        return self


class RuleSetChange(Request):
    """A change of a draft; what is left out stays. Needs ``If-Match``."""

    title: Short | None = None
    rules: Rules | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set or any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("name at least one field to change; none of them may be null")
        each_once(self.rules or ())
        return self


class PublishRuleSet(Request):
    """Publish a draft, or an earlier set again. Needs ``If-Match``."""

    reason: RequiredText
    waive_shadow: Text = ""
    """Why no shadow run is needed; without it a draft must have seen at least one order beside live traffic."""


class RuleSetSummary(Record):
    """A rule set without its rules."""

    rule_set_id: Identifier
    number: Count
    """Versions count up from 1."""
    title: str
    state: RuleSetState
    rule_count: Count
    author: str
    author_name: str
    writers: tuple[str, ...] = ()
    """Everybody who wrote its rules, the author too: none of them may publish it."""
    based_on: Identifier | None = None
    created_at: Instant
    updated_at: Instant
    published_at: Instant | None = None
    """When it was last published."""
    published_by: str | None = None
    published_by_name: str | None = None
    backtest_id: Identifier | None = None
    """The newest backtest of exactly these rules that was finished."""
    shadow_since: Instant | None = None
    """Since when it runs beside live traffic; ``None`` when it does not."""
    shadow_orders: Count = 0
    """Orders it has seen there."""
    version: Version


class RuleSet(RuleSetSummary):
    """A rule set."""

    rules: tuple[FraudRule, ...]


# --- lists and snoozes ---------------------------------------------------------------------------------------------


class ListKind(StrEnum):
    """What membership of a list does by itself."""

    ALLOW = "allow"
    """The order is approved, whatever the rules say."""
    BLOCK = "block"
    """The order is blocked, unless a list allows it."""
    CUSTOM = "custom"
    """Nothing; rules ask for it."""


class RiskListDraft(Request):
    """A new list."""

    list_id: Slug
    title: Short
    kind: ListKind
    metric: MetricKey
    """What its values are: one of the metrics that lists can hold."""

    @model_validator(mode="after")
    def _can_be_listed(self) -> Self:
        metric = METRICS.get(self.metric)
        if metric is None or not metric.listed:
            raise ValueError("metric: lists hold " + ", ".join(key for key, each in METRICS.items() if each.listed))
        return self


class RiskList(Record):
    """A list."""

    list_id: Identifier
    title: str
    kind: ListKind
    metric: str
    entries: Count
    rules: tuple[str, ...] = ()
    """Rules of the published set and of drafts that ask it; while there are any it cannot be deleted."""
    version: Version


class ListEntryDraft(Request):
    """Put a value on a list."""

    value: Annotated[Short, PERSONAL]
    reason: Annotated[RequiredText, PERSONAL]
    until: EventInstant | None = None


class ListEntry(Record):
    """A value on a list."""

    entry_id: Identifier
    list_id: Identifier
    value: Annotated[str, PERSONAL]
    reason: Annotated[str, PERSONAL]
    added_by: str
    added_by_name: str
    added_at: Instant
    until: Instant | None = None


class RiskPolicy(Record):
    """What holds for the queue."""

    two_person_minor: Minor
    """Orders worth this or more, minor units of the reporting currency, need two people to decide."""
    review_hours: Count
    block_hours: Count
    """Hours within which an entry of either action is to be decided."""
    amount_waits_until: Instant | None = None
    """A change of the amount waits for somebody else to agree, until then at most."""
    version: Version


class RiskPolicyChange(Request):
    """A change of the policy; what is left out stays. Needs ``If-Match``."""

    two_person_minor: PositiveMinor | None = None
    review_hours: Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=720)] | None = None
    block_hours: Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=720)] | None = None
    reason: Text = ""


# --- check ---------------------------------------------------------------------------------------------------------


class _Lenient(Request):
    """Part of an order. Fields it does not know are kept with the order, not refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="allow")


IpAddress = Annotated[PlainText, Field(min_length=2, max_length=64), AfterValidator(normal_form.ip)]
"""IPv4 or IPv6; kept in one form."""


class CustomerIn(_Lenient):
    """Who orders; a guest has no id."""

    id: Annotated[OptionalOutsideId, PERSONAL] = None
    email: Annotated[Annotated[PlainText, Field(min_length=3, max_length=320)] | None, PERSONAL] = None
    created_at: EventInstant | None = None
    """When the account was opened."""
    name: Annotated[Annotated[PlainText, Field(max_length=200)] | None, PERSONAL] = None


class PaymentIn(_Lenient):
    """How it is paid."""

    method: Annotated[PlainText, Field(min_length=1, max_length=60)] | None = None
    """Such as ``card`` or ``paypal``."""
    method_created_at: EventInstant | None = None
    """When this means of payment was first used."""
    card_fingerprint: Annotated[OptionalOutsideId, PERSONAL] = None
    """A token for the card, the same for the same card; never its number."""
    card_last4: Annotated[Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None, PERSONAL] = None
    card_country: GivenCountry = None


class ItemIn(_Lenient):
    """A line of the order."""

    sku: Annotated[PlainText, Field(max_length=200)] | None = None
    title: Annotated[PlainText, Field(max_length=400)] | None = None
    quantity: Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=100_000)] = 1


class FraudCheck(_Lenient):
    """An order to be checked. Idempotent by ``id``: what was decided once is answered again."""

    _storable = model_validator(mode="before")(not_too_deep)

    id: OutsideId
    placed_at: EventInstant
    currency: GivenCurrency
    total: PositiveMinor
    items: Annotated[tuple[ItemIn, ...], Field(max_length=1_000)] = ()
    customer: CustomerIn = CustomerIn()
    payment: PaymentIn = PaymentIn()
    billing_country: GivenCountry = None
    shipping_country: GivenCountry = None
    ip: Annotated[IpAddress | None, PERSONAL] = None
    ip_country: GivenCountry = None
    device_id: Annotated[OptionalOutsideId, PERSONAL] = None


class Compared(Record):
    """One condition and the value it met."""

    metric: str
    operator: Operator
    value: Annotated[Any, Personal(only_if=_names_customers)]
    actual: Annotated[Any, Personal(only_if=_is_of_customer)] = None
    """``None`` when it was missing: then the condition did not hold."""
    holds: bool


class Fired(Record):
    """A rule that fired, with the values that made it."""

    rule_id: str
    description: str
    severity: Points
    action: Action
    """As published, also while it is demoted."""
    demoted: bool = False
    """It went past its cap and only flags."""
    conditions: tuple[Compared, ...]


class ListHit(Record):
    """A list that holds a value of the order."""

    list_id: str
    kind: ListKind
    metric: str
    value: Annotated[str | None, PERSONAL]
    """``None`` once the customer was erased."""


class Decision(Record):
    """The answer of a check. Specification: ``{ score, action, triggeredRules }``."""

    decision_id: Identifier
    order_id: Identifier
    score: Score
    action: Action
    triggered_rules: tuple[str, ...]
    explanation: tuple[Fired, ...]
    lists: tuple[ListHit, ...] = ()
    snoozed_rules: tuple[str, ...] = ()
    """Rules that would have fired, and are quiet for this customer, card or e-mail."""
    missing: tuple[str, ...] = ()
    """Metrics that rules ask for and this order has not."""
    rule_set_id: Identifier
    rule_set_number: Count
    entry_id: Identifier | None = None
    """Its entry in the queue."""
    decided_at: Instant
