"""Alerts of one kind fold into one; what was raised before is found by its rule or by what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.alerts.groups import GROUP_FROM, earlier, folded, groups_of
from models.alerts import Alert
from tests.app.answers import AS_OF
from tests.views.office import alert


def made(number: int, **more: Any) -> Alert:
    """An alert that a part of the system raised."""
    nothing = {"figure": None, "ruleId": None, "comparison": None, "limit": None, "value": None, "worstValue": None}
    return Alert.model_validate(alert(number, **{**nothing, "source": "oncall.cover", "key": f"s{number}", **more}))


def test_many_of_one_kind_are_one_and_few_are_not() -> None:
    few = [made(number) for number in range(GROUP_FROM - 1)]
    assert folded(few, frozenset()) == few
    many = [made(number) for number in range(GROUP_FROM)]
    assert [each.id for each in folded(many, frozenset())] == ["a0"]
    assert folded(many, {"oncall.cover:P2"}) == many


def test_severities_and_parts_are_groups_of_their_own_and_rules_are_none() -> None:
    alerts = [made(n) for n in range(4)] + [made(n, severity="P3") for n in range(4, 8)]
    alerts += [made(n, source="backup") for n in range(8, 10)]
    alerts += [Alert.model_validate(alert(n)) for n in range(10, 15)]
    assert set(groups_of(alerts)) == {"oncall.cover:P2", "oncall.cover:P3"}
    assert [each.id for each in folded(alerts, frozenset())] == ["a0", "a4", *(f"a{n}" for n in range(8, 15))]


def test_a_thousand_at_once_are_one() -> None:
    assert [each.id for each in folded([made(number) for number in range(1000)], frozenset())] == ["a0"]


def test_what_was_raised_before_is_of_the_same_rule_or_about_the_same_thing() -> None:
    now = made(1)
    before = [made(n, key="s1", raisedAt=(AS_OF - timedelta(days=n)).isoformat()) for n in (3, 2)]
    other = [made(5, key="s5"), made(6, key="s1", source="backup"), Alert.model_validate(alert(7))]
    assert [each.id for each in earlier(now, [*before, *other, now])] == ["a2", "a3"]
    rule = Alert.model_validate(alert(8))
    assert [each.id for each in earlier(rule, [*before, *other])] == ["a7"]
