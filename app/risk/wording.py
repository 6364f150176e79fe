"""Why a rule fired, in plain words with the numbers. What a rule asks is said by ``models.risk.wording``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.core.formatting import grouped, money
from models.risk.metrics import METRICS, SUBJECTS, WINDOWS, Metric, MetricType, Operator

if TYPE_CHECKING:
    from models.risk.rules import Compared, Fired

_WINDOW_WORDS = {
    "10m": "in ten minutes",
    "1h": "in one hour",
    "24h": "in 24 hours",
    "7d": "in seven days",
    "30d": "in 30 days",
}
_SUBJECT_WORDS = {prefix: words for prefix, _, words in SUBJECTS}
_PLACES = {
    "billing": ("Billed to", "billing"),
    "shipping": ("Sent to", "shipping"),
    "ip": ("order sent from", "the IP"),
    "card": ("Card from", "the card"),
}
_ASKED = {
    Operator.GT: "more than",
    Operator.GTE: "at least",
    Operator.LT: "less than",
    Operator.LTE: "at most",
    Operator.EQ: "exactly",
    Operator.NE: "anything but",
}
_MINUTE, _HOUR, _DAY = 1, 60, 1_440


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a sentence; numbers are strong."""

    text: str
    strong: bool = False


Words = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class WordingContext:
    """What sentences need besides the condition."""

    currency: str = ""
    """Of the reports: what order value and amounts are in."""
    values: Mapping[str, Any] | None = None
    """Other values of the order, such as the countries that differ."""
    country: Callable[[str], str] = str
    """A country's name."""


def plain(words: Words) -> str:
    """Without emphasis, for screen readers and tests."""
    return "".join(run.text for run in words)


def duration(minutes: int) -> str:
    """``26 minutes``, ``24 hours``, ``3 days``; what is no whole number of the larger unit has both."""
    if minutes < 2 * _HOUR and minutes != _HOUR:
        return _counted(minutes, "minute")
    if minutes < 2 * _DAY and minutes != _DAY:
        hours, rest = divmod(minutes, _HOUR)
        return _counted(hours, "hour") + (f" {rest} min" if rest else "")
    if minutes == _DAY:
        return "24 hours"
    days, rest = divmod(minutes, _DAY)
    return _counted(days, "day") + (f" {rest // _HOUR} h" if rest >= _HOUR else "")


def why(fired: Fired, context: WordingContext = WordingContext()) -> Words:
    """Every condition of a rule that held, one sentence each."""
    runs: list[Run] = []
    told: set[str] = set()
    held = [each for each in fired.conditions if each.holds]
    values = context.values or {}
    both = {"billing_card_differ", "shipping_card_differ"} <= {each.metric for each in held if each.actual}
    at_one_place = both and values.get("billing_country") == values.get("shipping_country") is not None
    for each in held:
        if at_one_place and each.metric == "shipping_card_differ":
            continue
        if each.metric == "hour_of_day":
            if "hour_of_day" not in told:
                runs += [*([Run(" ")] if runs else []), *_hours(held)]
                told.add("hour_of_day")
            continue
        words = fired_words(each, context)
        if at_one_place and each.metric == "billing_card_differ":
            words = (Run("Billed and sent to "), *words[1:])
        runs += [*([Run(" ")] if runs else []), *words]
    return tuple(runs) or (Run(fired.description),)


def fired_words(compared: Compared, context: WordingContext = WordingContext()) -> Words:
    """One condition that held: what was found, and where the line is."""
    metric = METRICS.get(compared.metric)
    operator = Operator(compared.operator)
    if metric is None or compared.actual is None:
        return (Run(f"{compared.metric} {operator} {compared.value}."),)
    if operator in {Operator.IN_LIST, Operator.NOT_IN_LIST}:
        verb = "is on" if operator is Operator.IN_LIST else "is not on"
        return (
            Run(f"{_name(metric)} "),
            Run(_shown(metric, compared.actual, context), strong=True),
            Run(f" {verb} the list "),
            Run(str(compared.value), strong=True),
            Run("."),
        )
    if metric.kind is MetricType.FLAG:
        return _difference(metric, bool(compared.actual), context)
    if metric.kind is MetricType.TEXT:
        return _text(metric, compared.actual, context)
    return (*_found(metric, compared.actual, context), *_line(metric, operator, compared.value, context))


# --- parts -------------------------------------------------------------------------------------------------------


def _found(metric: Metric, actual: Any, context: WordingContext) -> Words:
    """What the order has."""
    velocity = _velocity(metric.key)
    shown = Run(_shown(metric, actual, context), strong=True)
    if velocity is not None:
        subject, window, counted = velocity
        if counted == "orders":
            return (Run(_counted(actual, "order"), strong=True), Run(f" {subject} {window}."))
        return (shown, Run(f" {subject} {window}."))
    match metric.key:
        case "order_value":
            return (Run("The order is worth "), shown, Run("."))
        case "item_count":
            return (Run(_counted(actual, "item"), strong=True), Run(" in the order."))
        case "hour_of_day":
            return (
                Run("Ordered between "),
                Run(f"{actual:02d}:00 and {(actual + 1) % 24:02d}:00 UTC", strong=True),
                Run("."),
            )
        case "customer_age":
            return (Run("The account is "), shown, Run(" old."))
        case "payment_method_age":
            return (Run("The means of payment was first used "), shown, Run(" ago."))
        case "customer_orders":
            return (Run("The customer has "), Run(_counted(actual, "earlier order"), strong=True), Run("."))
        case "customer_refunds":
            return (Run("The customer was refunded "), Run(_counted(actual, "time"), strong=True), Run("."))
        case "customer_chargebacks":
            return (Run("The customer has charged back "), Run(_counted(actual, "time"), strong=True), Run("."))
        case _:
            return (Run(f"{metric.title}: "), shown, Run("."))


def _line(metric: Metric, operator: Operator, value: Any, context: WordingContext) -> Words:
    """Where the rule draws the line."""
    shown = Run(_shown(metric, value, context), strong=True)
    ages = {"customer_age": "Accounts", "payment_method_age": "Means of payment"}
    if metric.key in ages and operator in {Operator.LT, Operator.LTE}:
        upto = "under" if operator is Operator.LT else "up to"
        return (Run(f" {ages[metric.key]} {upto} "), shown, Run(" count."))
    if metric.key == "hour_of_day":
        return _hour_line({operator: int(value)})
    if operator is Operator.GT:
        return (Run(" The limit is "), shown, Run("."))
    return (Run(f" The rule asks for {_ASKED[operator]} "), shown, Run("."))


def _hours(held: Sequence[Compared]) -> Words:
    """When it was ordered, and the hours that all conditions about it leave."""
    about = [each for each in held if each.metric == "hour_of_day" and each.actual is not None]
    if not about:
        return ()
    found = _found(METRICS["hour_of_day"], about[0].actual, WordingContext())
    return (*found, *_hour_line({Operator(each.operator): int(each.value) for each in about}))


def _hour_line(line: Mapping[Operator, int]) -> Words:
    """The hours that a rule is about: ``Rule: 01:00–05:00 UTC.``."""
    if Operator.NE in line:
        return (Run(" Rule: not "), Run(_hour_span(line[Operator.NE], line[Operator.NE] + 1), strong=True), Run("."))
    first, after = 0, 24
    for operator, value in line.items():
        match operator:
            case Operator.GTE:
                first = max(first, value)
            case Operator.GT:
                first = max(first, value + 1)
            case Operator.LT:
                after = min(after, value)
            case Operator.LTE:
                after = min(after, value + 1)
            case _:
                first, after = value, value + 1
    return (Run(" Rule: "), Run(_hour_span(first, after), strong=True), Run("."))


def _hour_span(first: int, after: int) -> str:
    return f"{first:02d}:00–{after:02d}:00 UTC"


def _difference(metric: Metric, differ: bool, context: WordingContext) -> Words:
    one, other = metric.key.removesuffix("_differ").split("_")
    values = context.values or {}
    first, second = values.get(f"{one}_country"), values.get(f"{other}_country")
    if not differ:
        return (Run(f"Countries of {_PLACES[one][1]} and {_PLACES[other][1]} are the same."),)
    if not first or not second:
        return (Run(f"Countries of {_PLACES[one][1]} and {_PLACES[other][1]} "), Run("differ", strong=True), Run("."))
    if one == "ip":  # read as one tells it: the card first
        one, other, first, second = other, one, second, first
    begin = _PLACES[one][0]
    goes_on = _PLACES[other][0]
    return (
        Run(f"{begin[:1].upper()}{begin[1:]} "),
        Run(context.country(str(first)), strong=True),
        Run(f", {goes_on[:1].lower()}{goes_on[1:]} "),
        Run(context.country(str(second)), strong=True),
        Run("."),
    )


def _text(metric: Metric, actual: Any, context: WordingContext) -> Words:
    return (Run(f"{_name(metric)} is "), Run(_shown(metric, actual, context), strong=True), Run("."))


_NAMES = {
    "ip": "The IP",
    "ip_network": "The IP's network",
    "email": "The e-mail",
    "email_alias": "The e-mail's mailbox",
    "email_domain": "The e-mail's domain",
}


def _name(metric: Metric) -> str:
    return _NAMES.get(metric.key, metric.title)


def _velocity(key: str) -> tuple[str, str, str] | None:
    prefix, _, rest = key.partition("_")
    counted, _, window = rest.partition("_")
    if prefix in _SUBJECT_WORDS and counted in {"orders", "amount"} and window in _WINDOW_WORDS:
        return _SUBJECT_WORDS[prefix], _WINDOW_WORDS[window], counted
    return None


def window_of(key: str) -> str:
    """``1 h`` of ``card_orders_1h``; empty for a metric that counts over no window."""
    last = key.rpartition("_")[2]
    return next((words for name, _, words in WINDOWS if name == last), "")


def _shown(metric: Metric, value: Any, context: WordingContext) -> str:
    if value is None:
        return "unknown"
    match metric.kind:
        case MetricType.MONEY:
            return (
                f"{money(int(value), context.currency)} {context.currency}" if context.currency else grouped(int(value))
            )
        case MetricType.MINUTES:
            return duration(int(value))
        case MetricType.NUMBER:
            return grouped(int(value))
        case MetricType.TEXT if metric.key.endswith("_country"):
            return context.country(str(value))
        case _:
            return str(value)


def _counted(count: int, noun: str) -> str:
    return f"{grouped(count)} {noun}{'' if count == 1 else 's'}"
