"""Rules and circumstances to put statements together of, for the test that prepares them all."""

from __future__ import annotations

from itertools import cycle

from backend.risk.sql_conditions import Names, SqlContext, present_member, recorded_member
from models.risk.metrics import METRICS, Metric, MetricType, Operator
from models.risk.rules import Action, AnyOf, Condition, FraudRule

RECORDED = SqlContext(recorded_member(Names()), [("trusted", "email")], [("stolen", "card")], recorded=True)
PRESENT = SqlContext(present_member(Names()), [("trusted", "email")], [("stolen", "card")], recorded=False)
BARE = SqlContext(present_member(Names()), [], [], recorded=False)


def every_rule() -> tuple[FraudRule, ...]:
    """Rules that ask each metric whatever can be asked of it, once alone and once in a group."""
    return tuple(
        FraudRule(
            rule_id=metric.key.replace("_", "-"),
            description=metric.title,
            conditions=(*(conditions := _conditions(metric)), AnyOf(any=conditions)),
            severity=1,
            action=action,
        )
        for metric, action in zip(METRICS.values(), cycle((Action.FLAG, Action.REVIEW, Action.BLOCK)), strict=False)
    )


def _conditions(metric: Metric) -> tuple[Condition, ...]:
    return tuple(
        Condition(metric=metric.key, operator=operator, value=_value(metric, operator)) for operator in metric.operators
    )


def _value(metric: Metric, operator: Operator) -> bool | int | str | tuple[str, ...]:
    match metric.kind:
        case MetricType.FLAG:
            return True
        case MetricType.TEXT:
            return ("100%", "{}") if operator in {Operator.IN, Operator.NOT_IN} else "100%"
        case _:
            return 1
