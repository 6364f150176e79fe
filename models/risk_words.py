"""Rules in plain words, the same wherever they are read: in the editor, in a difference, in a report."""

from __future__ import annotations

from typing import Any

from models.money import decimals
from models.risk import AnyOf, Condition, FraudRule
from models.risk_metrics import LISTED, METRICS, Kind, Operator

_SIGNS = {
    Operator.GT: ">",
    Operator.GTE: "≥",
    Operator.LT: "<",
    Operator.LTE: "≤",
    Operator.EQ: "is",
    Operator.NE: "is not",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is none of",
    Operator.IN_LIST: "is on the list",
    Operator.NOT_IN_LIST: "is not on the list",
}
_SHOWN = 5
"""Values of a list of values that are named."""


def money_words(minor: int, currency: str) -> str:
    """Such as ``1,234.50 EUR``."""
    places = decimals(currency)
    units, rest = divmod(abs(minor), 10**places)
    sign = "−" if minor < 0 else ""
    return f"{sign}{units:,}{f'.{rest:0{places}d}' if places else ''} {currency}"


def duration_words(minutes: int) -> str:
    """Such as ``3 d``, ``2 h`` or ``90 min``."""
    for size, unit in ((1_440, "d"), (60, "h")):
        if minutes and minutes % size == 0:
            return f"{minutes // size:,} {unit}"
    return f"{minutes:,} min"


def condition_words(condition: Condition, currency: str) -> str:
    """Such as *Orders with this card in 1 h > 7*; amounts are in the reporting currency."""
    metric = METRICS[condition.metric]
    value: Any = condition.value if condition.operator in LISTED else condition.compared
    if condition.operator is Operator.IS:
        return metric.title if value else f"Not: {metric.title[:1].lower()}{metric.title[1:]}"
    sign = _SIGNS[condition.operator]
    if metric.kind is Kind.MONEY:
        words = money_words(int(value), currency)
    elif metric.kind is Kind.MINUTES:
        words = duration_words(int(value))
    elif metric.kind is Kind.NUMBER:
        words = f"{value:,}"
    elif isinstance(value, tuple):
        more = f" and {len(value) - _SHOWN} more" if len(value) > _SHOWN else ""
        words = ", ".join(value[:_SHOWN]) + more
    else:
        words = str(value)
    if metric.kind is not Kind.TEXT:
        sign = {Operator.EQ: "=", Operator.NE: "≠"}.get(condition.operator, sign)
    return f"{metric.title} {sign} {words}"


def entry_words(entry: Condition | AnyOf, currency: str) -> str:
    """A condition, or a group as *any of: …; …*."""
    if isinstance(entry, AnyOf):
        return "any of: " + "; ".join(condition_words(each, currency) for each in entry.any)
    return condition_words(entry, currency)


def cap_words(rule: FraudRule, currency: str) -> str:
    """Such as *200 orders, 5,000.00 EUR in an hour*."""
    cap = rule.cap
    parts = [
        words
        for words in (
            f"{cap.orders:,} orders" if cap.orders is not None else "",
            money_words(cap.amount, currency) if cap.amount is not None else "",
            f"{cap.share} % of the orders" if cap.share is not None else "",
        )
        if words
    ]
    return f"{', '.join(parts)} in an hour" if parts else "none"


def change_words(before: FraudRule, after: FraudRule, currency: str) -> tuple[str, ...]:
    """What is different, a sentence each; the values themselves where a sentence would have to leave them out."""
    words = []
    if before.description != after.description:
        words.append(f"Description: {before.description} → {after.description}")
    if before.enabled != after.enabled:
        words.append("Switched on" if after.enabled else "Switched off")
    if before.action is not after.action:
        words.append(f"Action: {before.action} → {after.action}")
    if before.severity != after.severity:
        words.append(f"Severity: {before.severity} → {after.severity}")
    if before.cap != after.cap:
        words.append(f"Cap: {cap_words(before, currency)} → {cap_words(after, currency)}")
    gone = [each for each in before.conditions if each not in after.conditions]
    new = [each for each in after.conditions if each not in before.conditions]
    for old in gone:
        same = next((each for each in new if _shape(each) == _shape(old)), None)
        if same is None:
            words.append(f"No longer asked: {entry_words(old, currency)}")
        else:
            new.remove(same)
            words.append(f"{entry_words(old, currency)} → {entry_words(same, currency)}")
    words += [f"Asked as well: {entry_words(each, currency)}" for each in new]
    if not words:
        words.append("The same conditions, in another order or repeated")
    return tuple(words)


def _shape(entry: Condition | AnyOf) -> tuple[str, ...]:
    """What a condition asks about, whatever the value: a number that moved is one change, not two."""
    if isinstance(entry, AnyOf):
        return ("any",)
    return (entry.metric, entry.operator)
