"""Any rules: each metric with each operator it has."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from models.risk.metrics import LISTED, METRICS, MetricType, Operator
from models.risk.rules import FraudRule, ListKind

LISTS = {
    "vip": (ListKind.ALLOW, "customer_id"),
    "blocked-cards": (ListKind.BLOCK, "card"),
    "throwaway": (ListKind.CUSTOM, "email_domain"),
    "partners": (ListKind.CUSTOM, "customer_id"),
}
WORDS = ["DE", "FR", "NG", "ada", "Ada", "a'b", 'q"x', "%s", "{0}", "İ", "ß", "; drop table risk_order; --", "\\", " "]
NUMBERS = st.integers(-5, 5) | st.sampled_from([-(2**63) + 1, 2**63 - 1, 200, 10**13])


def value_of(key: str) -> st.SearchStrategy[Any]:
    metric = METRICS[key]
    if metric.kind is MetricType.FLAG:
        return st.booleans()
    if metric.kind is MetricType.TEXT:
        return st.sampled_from(WORDS)
    if metric.kind is MetricType.NUMBER:
        return st.integers(0, 5) | st.sampled_from([199, 200])
    return NUMBERS


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(METRICS)))
    metric = METRICS[key]
    mine = sorted(name for name, (_, held) in LISTS.items() if held == key)
    operators = [each for each in metric.operators if mine or each not in LISTED]
    operator = draw(st.sampled_from(operators))
    if operator in LISTED:
        value: Any = draw(st.sampled_from(mine))
    elif operator in {Operator.IN, Operator.NOT_IN}:
        value = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    elif metric.most is not None:
        value = draw(st.integers(0, min(metric.most, 5)) | st.just(metric.most))
    else:
        value = draw(value_of(key))
    return {"metric": key, "operator": operator, "value": value}


ENTRIES = conditions() | st.builds(lambda found: {"any": found}, st.lists(conditions(), min_size=1, max_size=3))


@st.composite
def rule_sets(draw: st.DrawFn) -> tuple[FraudRule, ...]:
    return tuple(
        FraudRule.model_validate(
            {
                "ruleId": f"rule-{number}",
                "description": "…",
                "conditions": draw(st.lists(ENTRIES, min_size=1, max_size=3)),
                "severity": draw(st.integers(1, 100)),
                "action": draw(st.sampled_from(["flag", "review", "block"])),
                "enabled": draw(st.integers(0, 5)) > 0,
            }
        )
        for number in range(draw(st.integers(0, 5)))
    )
