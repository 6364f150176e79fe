"""A rule set somebody is working on: rules added, changed, moved and removed, none of them ever invalid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from models.risk.metrics import LISTED, METRICS, Metric, MetricType, Operator
from models.risk.rules import Action, AnyOf, Cap, Condition, FraudRule, RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.risk.rules import RiskList

_FIRST: Final[dict[MetricType, tuple[Operator, int | bool | str]]] = {
    MetricType.NUMBER: (Operator.GTE, 3),
    MetricType.MONEY: (Operator.GTE, 10_000),
    MetricType.MINUTES: (Operator.LT, 1_440),
    MetricType.FLAG: (Operator.IS, True),
    MetricType.TEXT: (Operator.EQ, "?"),
}
_FIRST_TEXT: Final = {
    "currency": "EUR",
    "billing_country": "DE",
    "shipping_country": "DE",
    "ip_country": "DE",
    "card_country": "DE",
    "payment_method": "card",
    "email_domain": "example.com",
}
FIRST_METRIC: Final = "card_orders_1h"


def lists_of(metric: Metric, lists: Iterable[RiskList]) -> list[RiskList]:
    """The lists that hold values of a metric."""
    return [each for each in lists if each.metric == metric.key] if metric.listed else []


def first_condition(key: str) -> Condition:
    """A condition to begin with on a metric; it is valid."""
    metric = METRICS[key]
    operator, value = _FIRST[metric.kind]
    if metric.kind is MetricType.TEXT:
        value = _FIRST_TEXT.get(key, "?")
    return Condition(metric=key, operator=operator, value=value)


def asked_otherwise(condition: Condition, operator: Operator, lists: Iterable[RiskList] = ()) -> Condition:
    """The same metric with another operator, the value kept as far as it still fits.

    Raises ValueError when a list is asked for and none holds values of the metric.
    """
    metric, value = METRICS[condition.metric], condition.value
    if operator in LISTED:
        held = lists_of(metric, lists)
        if not held:
            raise ValueError("no list holds values of this kind yet")
        known = {each.list_id for each in held}
        value = value if isinstance(value, str) and value in known else held[0].list_id
    elif operator in {Operator.IN, Operator.NOT_IN}:
        if not isinstance(value, tuple):
            value = (str(value),) if condition.operator not in LISTED else (_FIRST_TEXT.get(metric.key, "?"),)
    elif metric.kind is MetricType.TEXT:
        if condition.operator in LISTED:
            value = _FIRST_TEXT.get(metric.key, "?")
        elif isinstance(value, tuple):
            value = value[0]
    return Condition(metric=condition.metric, operator=operator, value=value)


def slug(text: str, taken: Iterable[str] = ()) -> str:
    """An id from a name: small letters, figures and hyphens, unlike any of ``taken``."""
    stem = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:50].strip("-")
    stem = re.sub(r"^[0-9-]+", "", stem) or "rule"
    known, number, found = set(taken), 2, stem
    while found in known:
        found, number = f"{stem}-{number}", number + 1
    return found


class RuleWork:
    """The working copy of one draft. ``rules`` and ``title`` may be sent at any time."""

    def __init__(self, base: RuleSet) -> None:
        self.base = base
        """As the server last answered it and this work began."""
        self.title = base.title
        self.rules: list[FraudRule] = list(base.rules)

    @property
    def dirty(self) -> bool:
        """Whether it differs from what the server has."""
        return self.title != self.base.title or tuple(self.rules) != self.base.rules

    def is_new(self, rule_id: str) -> bool:
        """Whether the server knows no such rule yet: only then its id may still change."""
        return all(rule.rule_id != rule_id for rule in self.base.rules)

    def add(self, at: int | None = None) -> int:
        """A new rule that is valid; answers where it stands."""
        name = "New rule"
        rule = FraudRule(
            rule_id=slug(name, self._ids()),
            description=name,
            conditions=(first_condition(FIRST_METRIC),),
            severity=20,
            action=Action.REVIEW,
            cap=Cap(orders=200),
        )
        place = len(self.rules) if at is None else at
        self.rules.insert(place, rule)
        return place

    def copy(self, at: int) -> int:
        """The same rule once more, below it."""
        rule = self.rules[at]
        name = f"{rule.description} (copy)"[:200]
        self.rules.insert(at + 1, rule.model_copy(update={"rule_id": slug(name, self._ids()), "description": name}))
        return at + 1

    def remove(self, at: int) -> None:
        """Without it."""
        del self.rules[at]

    def move(self, at: int, by: int) -> int:
        """One place up (-1) or down (1), as far as there is room; answers where it stands."""
        to = min(max(at + by, 0), len(self.rules) - 1)
        self.rules.insert(to, self.rules.pop(at))
        return to

    def change(self, at: int, **fields: Any) -> FraudRule:
        """Other values in a rule; a new rule's id follows its name. Raises ValidationError, and nothing changes."""
        rule = self.rules[at]
        values = {name: getattr(rule, name) for name in FraudRule.model_fields} | fields
        if "description" in fields and self.is_new(rule.rule_id):
            values["rule_id"] = slug(str(fields["description"]), (k for k in self._ids() if k != rule.rule_id))
        self.rules[at] = changed = FraudRule.model_validate(values)
        return changed

    def _ids(self) -> list[str]:
        # Those of the base too: a rule that is taken out and another put in are not one that has changed.
        return [rule.rule_id for rule in (*self.rules, *self.base.rules)]

    # --- kept on this computer -----------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """As it is written down."""
        return {
            "base": self.base.model_dump(mode="json", by_alias=True),
            "title": self.title,
            "rules": [rule.model_dump(mode="json", by_alias=True) for rule in self.rules],
        }

    @classmethod
    def restore(cls, stored: dict[str, Any]) -> RuleWork:
        """What was written down. Raises ValueError for what another release cannot read."""
        try:
            work = cls(RuleSet.model_validate(stored["base"]))
            work.title = str(stored["title"])
            work.rules = [FraudRule.model_validate(rule) for rule in stored["rules"]]
        except (KeyError, TypeError) as error:
            raise ValueError("what was kept cannot be read") from error
        return work


# --- the conditions of one rule ------------------------------------------------------------------------------------

Entries = tuple[Condition | AnyOf, ...]
Place = tuple[int, int | None]
"""Which condition: its entry, and its place in the group when that is one."""


def put(entries: Entries, place: Place, condition: Condition) -> Entries:
    """Another condition in a place."""
    entry, inside = place
    found = list(entries)
    group = found[entry]
    if isinstance(group, AnyOf) and inside is not None:
        found[entry] = AnyOf(any=tuple(condition if n == inside else each for n, each in enumerate(group.any)))
    else:
        found[entry] = condition
    return tuple(found)


def without(entries: Entries, place: Place) -> Entries:
    """One condition less; a group that is empty goes with it. The last one of a rule stays."""
    entry, inside = place
    found = list(entries)
    group = found[entry]
    if isinstance(group, AnyOf) and inside is not None and len(group.any) > 1:
        found[entry] = AnyOf(any=tuple(each for n, each in enumerate(group.any) if n != inside))
    elif len(found) > 1:
        del found[entry]
    return tuple(found)


def with_alternative(entries: Entries, entry: int, condition: Condition) -> Entries:
    """A condition more in a group, or a group made of a condition and this one."""
    found = list(entries)
    group = found[entry]
    inside = group.any if isinstance(group, AnyOf) else (group,)
    found[entry] = AnyOf(any=(*inside, condition))
    return tuple(found)


def each_place(entries: Entries) -> list[tuple[Place, Condition]]:
    """Every condition with its place, in the order of reading; also the order of ``FraudRule.each_condition``."""
    found: list[tuple[Place, Condition]] = []
    for number, entry in enumerate(entries):
        if isinstance(entry, AnyOf):
            found += [((number, inside), each) for inside, each in enumerate(entry.any)]
        else:
            found.append(((number, None), entry))
    return found
