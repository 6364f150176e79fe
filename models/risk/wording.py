"""Fraud rules in plain words: what a condition asks, what a value is, what a rule does. Specification: FraudRule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from models.core.formatting import grouped, money_words
from models.risk.metrics import LISTED, METRICS, Metric, MetricType, Operator

if TYPE_CHECKING:
    from models.risk.rules import AnyOf, Cap, Condition, FraudRule

OPERATOR_WORDS: Final[dict[Operator, str]] = {
    Operator.GT: "more than",
    Operator.GTE: "at least",
    Operator.LT: "less than",
    Operator.LTE: "at most",
    Operator.EQ: "exactly",
    Operator.NE: "other than",
    Operator.IS: "is",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is none of",
    Operator.IN_LIST: "is on the list",
    Operator.NOT_IN_LIST: "is not on the list",
}
"""As one chooses them; of a text, ``eq`` and ``ne`` are worded by ``operator_words``."""

_TEXT_WORDS: Final = {Operator.EQ: "is", Operator.NE: "is not"}
_COUNTED: Final = ("Orders", "Earlier orders", "Items", "Refunds", "Chargebacks")
_SHOWN_MOST = 6

UNITS: Final = (("d", 1_440, "days"), ("h", 60, "hours"), ("min", 1, "minutes"))
"""Short name, minutes and long name, longest first."""


def operator_words(metric: Metric, operator: Operator) -> str:
    """An operator as one chooses it for a metric."""
    if metric.kind is MetricType.TEXT and operator in _TEXT_WORDS:
        return _TEXT_WORDS[operator]
    return OPERATOR_WORDS[operator]


def minutes_words(minutes: int) -> str:
    """``26 min``, ``24 h``, ``3 d``: in the longest unit that says it exactly; a day and less in hours."""
    for short, size, _ in UNITS:
        if minutes % size == 0 and minutes >= size * (2 if short == "d" else 1):
            return f"{grouped(minutes // size)} {short}"
    return f"{minutes} min"


def value_words(metric: Metric, value: object, currency: str) -> str:
    """One value of a metric, with its unit."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        match metric.kind:
            case MetricType.MONEY:
                return money_words(value, currency)
            case MetricType.MINUTES:
                return minutes_words(value)
            case _:
                return grouped(value)
    if isinstance(value, (tuple, list)):
        shown = ", ".join(str(each) for each in value[:_SHOWN_MOST])
        return shown if len(value) <= _SHOWN_MOST else f"{shown} and {len(value) - _SHOWN_MOST} more"
    return str(value)


def condition_words(condition: Condition, currency: str, lists: Mapping[str, str] | None = None) -> str:
    """A condition as part of a sentence: *more than 7 orders with this card in 1 h*. ``lists``: titles by id."""
    metric, operator, value = METRICS[condition.metric], condition.operator, condition.value
    name = _small(metric.title)
    if operator in LISTED:
        title = (lists or {}).get(str(value), str(value))
        return f"{name} {OPERATOR_WORDS[operator]} “{title}”"
    if metric.kind is MetricType.FLAG:
        return name if value is True else f"{name.removesuffix(' differ')} do not differ"
    shown = value_words(metric, value, currency)
    if metric.key == "hour_of_day" and isinstance(value, int):
        return _hours(operator, value)
    if metric.kind is MetricType.TEXT:
        return f"{name} {operator_words(metric, operator)} {shown}"
    if metric.title.startswith(_COUNTED):
        words = "fewer than" if operator is Operator.LT else OPERATOR_WORDS[operator]
        return f"{words} {shown} {name if value != 1 else _one(name)}"
    return f"{name} {_compared(operator)} {shown}"


def entry_words(entry: Condition | AnyOf, currency: str, lists: Mapping[str, str] | None = None) -> str:
    """A condition, or a group of which one must hold."""
    inside = getattr(entry, "any", None)
    if inside is None:
        return condition_words(entry, currency, lists)  # type: ignore[arg-type]
    return "any of (" + "; ".join(condition_words(each, currency, lists) for each in inside) + ")"


def rule_words(rule: FraudRule, currency: str, lists: Mapping[str, str] | None = None) -> str:
    """When a rule fires, as a sentence without its end."""
    words = ", and ".join(entry_words(entry, currency, lists) for entry in rule.conditions)
    return words[:1].upper() + words[1:]


def cap_words(cap: Cap, currency: str) -> str:
    """The cap of a rule: *200 orders or 5,000.00 EUR an hour*."""
    parts = []
    if cap.orders is not None:
        parts.append(f"{grouped(cap.orders)} order{'' if cap.orders == 1 else 's'}")
    if cap.amount is not None:
        parts.append(money_words(cap.amount, currency))
    if cap.share is not None:
        parts.append(f"{cap.share} % of orders")
    return " or ".join(parts) + " an hour" if parts else "no cap"


def does_words(rule: FraudRule) -> str:
    """What a rule does: *review, 22 points*."""
    return f"{rule.action}, {rule.severity} point{'' if rule.severity == 1 else 's'}"


def rule_summary(rule: FraudRule, currency: str, lists: Mapping[str, str] | None = None) -> dict[str, str]:
    """All of a rule, by names people read; what is compared when two versions are."""
    return {
        "Name": rule.description,
        "When": rule_words(rule, currency, lists),
        "Does": does_words(rule),
        "Cap": cap_words(rule.cap, currency),
        "Evaluated": "yes" if rule.enabled else "no, switched off",
    }


def changes(before: FraudRule, after: FraudRule, currency: str) -> tuple[str, ...]:
    """What is different about a rule, a line each: *Does: flag, 10 points → review, 22 points*."""
    was, now = rule_summary(before, currency), rule_summary(after, currency)
    lines = tuple(f"{name}: {was[name]} → {now[name]}" for name in now if was[name] != now[name])
    return lines or ("Written otherwise, and asks the same",)


def _compared(operator: Operator) -> str:
    words = {Operator.GT: "over", Operator.LT: "under", Operator.EQ: "exactly", Operator.NE: "other than"}
    return words.get(operator, OPERATOR_WORDS[operator])


def _hours(operator: Operator, hour: int) -> str:
    match operator:
        case Operator.GTE:
            return f"placed at {hour:02}:00 UTC or later"
        case Operator.GT:
            return f"placed after {hour:02}:59 UTC"
        case Operator.LT:
            return f"placed before {hour:02}:00 UTC"
        case Operator.LTE:
            return f"placed at {hour:02}:59 UTC or earlier"
        case Operator.EQ:
            return f"placed from {hour:02}:00 to {hour:02}:59 UTC"
        case _:
            return f"not placed from {hour:02}:00 to {hour:02}:59 UTC"


def _small(title: str) -> str:
    # IP, E-mail as a word of its own, and such stay as they are.
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _one(name: str) -> str:
    for many, one in (("orders", "order"), ("items", "item"), ("refunds", "refund"), ("chargebacks", "chargeback")):
        if many in name:
            return name.replace(many, one, 1)
    return name
