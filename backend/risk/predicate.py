"""A rule as a Python predicate over an order's values. ``backend.risk.sql_conditions`` says the same in SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from models.risk.metrics import Operator
from models.risk.rules import (
    SCORE_MOST,
    STRENGTH,
    Action,
    AnyOf,
    Compared,
    Condition,
    Fired,
    FraudRule,
    ListHit,
    ListKind,
)

Values = Mapping[str, Any]
"""Value of each metric by key; missing and ``None`` are alike: unknown."""

_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.IS: operator.eq,
    Operator.IN: lambda value, among: value in among,
    Operator.NOT_IN: lambda value, among: value not in among,
}


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """What besides its values bears on an order."""

    lists: tuple[ListHit, ...] = ()
    """Lists that hold one of its values."""
    snoozed: frozenset[str] = frozenset()
    """Rules that are quiet for it."""
    demoted: frozenset[str] = frozenset()
    """Rules that only flag for now."""

    def holds(self, list_id: str, metric: str) -> bool:
        """Whether a list holds the order's value of a metric."""
        return any(hit.list_id == list_id and hit.metric == metric for hit in self.lists)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule set says about an order."""

    score: int
    action: Action
    triggered: tuple[str, ...]
    """Rules that fired, in the order of the set."""
    snoozed: tuple[str, ...]
    """Rules that would have fired."""


def condition_holds(condition: Condition, values: Values, context: EvaluationContext) -> bool:
    """Whether one condition holds; never for a value that is unknown."""
    value = values.get(condition.metric)
    if value is None:
        return False
    if condition.operator is Operator.IN_LIST:
        return context.holds(str(condition.value), condition.metric)
    if condition.operator is Operator.NOT_IN_LIST:
        return not context.holds(str(condition.value), condition.metric)
    return _COMPARE[condition.operator](value, condition.compared)


def rule_holds(rule: FraudRule, values: Values, context: EvaluationContext) -> bool:
    """Whether all conditions of a rule hold, and in each group one."""
    return all(
        any(condition_holds(each, values, context) for each in entry.any)
        if isinstance(entry, AnyOf)
        else condition_holds(entry, values, context)
        for entry in rule.conditions
    )


def heaviest_first(rules: Iterable[FraudRule]) -> list[FraudRule]:
    """Rules by their points, the most first; among equals as in their set: where there is room for one, it is that."""
    return sorted(rules, key=lambda rule: -rule.severity)


def decide(rules: Iterable[FraudRule], values: Values, context: EvaluationContext) -> Outcome:
    """Score and action. Precedence: lists that allow, then block (lists and rules), review, flag.

    The score is the sum of the severities of the rules that fired, at most 100; a list that blocks makes it 100, one
    that allows 0.
    """
    fired = [rule for rule in rules if rule.enabled and rule_holds(rule, values, context)]
    unsuppressed = [rule for rule in fired if rule.rule_id not in context.snoozed]
    triggered = tuple(rule.rule_id for rule in heaviest_first(unsuppressed))
    suppressed = tuple(rule.rule_id for rule in fired if rule.rule_id in context.snoozed)
    kinds = {hit.kind for hit in context.lists}
    if ListKind.ALLOW in kinds:
        return Outcome(0, Action.APPROVE, triggered, suppressed)
    if ListKind.BLOCK in kinds:
        return Outcome(SCORE_MOST, Action.BLOCK, triggered, suppressed)
    score = min(SCORE_MOST, sum(rule.severity for rule in unsuppressed))
    actions = [effective(rule, context) for rule in unsuppressed]
    return Outcome(score, max(actions, key=STRENGTH.__getitem__, default=Action.APPROVE), triggered, suppressed)


def effective(rule: FraudRule, context: EvaluationContext) -> Action:
    """What a rule does now: one past its cap only flags."""
    return Action.FLAG if rule.rule_id in context.demoted else rule.action


def explain(rule: FraudRule, values: Values, context: EvaluationContext) -> Fired:
    """Every condition of a rule with the value it met; those of groups that did not hold are shown as such."""
    return Fired(
        rule_id=rule.rule_id,
        description=rule.description,
        severity=rule.severity,
        action=rule.action,
        demoted=rule.rule_id in context.demoted,
        conditions=tuple(
            Compared(
                metric=each.metric,
                operator=each.operator,
                value=each.compared,
                actual=values.get(each.metric),
                holds=condition_holds(each, values, context),
            )
            for each in rule.each_condition()
        ),
    )


def missing(rules: Iterable[FraudRule], values: Values) -> tuple[str, ...]:
    """Metrics that enabled rules ask for and the order has not, each once, in the order of the rules."""
    asked = (each.metric for rule in rules if rule.enabled for each in rule.each_condition())
    return tuple(dict.fromkeys(metric for metric in asked if values.get(metric) is None))
