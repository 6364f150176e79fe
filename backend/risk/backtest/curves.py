"""What changes if a number in a rule moves: orders the rule matches at some twenty values of each number in it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import sql

from backend.risk.sql_conditions import Member, Names, condition_sql, entry_sql
from models.core.base import INT64
from models.risk.backtest import Curve, CurvePoint
from models.risk.metrics import METRICS, NUMERIC, MetricType, Operator
from models.risk.rules import AnyOf, Condition, FraudRule

EACH_WAY = 10
"""Values on either side of the number."""
WORK = 200_000
"""Orders times curves that are looked at; beyond that only every so-many-th order is."""
_ALWAYS = -1


@dataclass(slots=True)
class _Moving:
    """One number of one rule."""

    rule: FraudRule
    index: int
    condition: Condition
    rest: sql.Composable
    """The other conditions of the rule."""
    others: sql.Composable | None
    """The other conditions of its group."""
    values: tuple[int, ...]
    bounds: tuple[int, ...]
    """Sorted; the database counts orders between one and the next."""
    orders: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    frauds: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


class Curves:
    """The statement that counts for all curves of a set at once, and the curves."""

    def __init__(self, rules: Sequence[FraudRule], member: Member, orders: int) -> None:
        names = Names()
        self._moving = [each for rule in rules if rule.enabled for each in _numbers(rule, names, member)]
        self._names = names
        self.every = max(1, -(-orders * len(self._moving) // WORK))
        """Every so-many-th order is looked at."""

    def __bool__(self) -> bool:
        return bool(self._moving)

    def statement(self, orders: sql.Composable) -> sql.Composed:
        """Counts of ``orders`` by curve and bucket; a bucket is how many of the bounds a value reaches."""
        buckets = []
        for number, each in enumerate(self._moving):
            bucket = sql.SQL("width_bucket({}::bigint, {}::bigint[])").format(
                self._names.column(each.condition.metric), sql.Literal(list(each.bounds))
            )
            if each.others is not None:
                # Whatever the number, another condition of the group holds.
                bucket = sql.SQL("case when {} then {} else {} end").format(each.others, sql.Literal(_ALWAYS), bucket)
            buckets.append(sql.SQL("({}, case when {} then {} end)").format(sql.Literal(number), each.rest, bucket))
        return sql.SQL(
            "select c.curve, c.bucket, count(*) from (select o.* from {}) as o"
            " cross join lateral (values {}) as c (curve, bucket) where c.bucket is not null group by 1, 2"
        ).format(orders, sql.SQL(", ").join(buckets))

    def add(self, rows: Sequence[tuple[int, int, int]], *, fraud: bool) -> None:
        """Take in what the statement answered for all orders, or for the frauds among them."""
        for curve, bucket, count in rows:
            each = self._moving[curve]
            (each.frauds if fraud else each.orders)[bucket] += count

    def result(self) -> tuple[Curve, ...]:
        """The curves, in the order of the rules."""
        return tuple(
            Curve(
                rule_id=each.rule.rule_id,
                condition=each.index,
                metric=each.condition.metric,
                operator=each.condition.operator,
                value=int(each.condition.compared),
                points=tuple(
                    CurvePoint(
                        value=value,
                        orders=_matching(each, each.orders, value) * self.every,
                        frauds=_matching(each, each.frauds, value),
                    )
                    for value in each.values
                ),
            )
            for each in self._moving
        )


def values_around(condition: Condition) -> tuple[int, ...]:
    """Some twenty values around the number of a condition, itself among them, as far as the metric can have them."""
    number = int(condition.compared)
    most = METRICS[condition.metric].most
    step = max(1, abs(number) // EACH_WAY)
    lowest = 0 if number >= 0 else -INT64
    highest = INT64 - 1 if most is None else most
    found = (number + step * way for way in range(-EACH_WAY, EACH_WAY + 1))
    return tuple(value for value in found if lowest <= value <= highest or value == number)


def _numbers(rule: FraudRule, names: Names, member: Member) -> list[_Moving]:
    found = []
    index = 0
    for entry in rule.conditions:
        rest = _all([entry_sql(each, names, member) for each in rule.conditions if each is not entry])
        for condition in entry.any if isinstance(entry, AnyOf) else (entry,):
            if condition.operator in NUMERIC and METRICS[condition.metric].kind is not MetricType.TEXT:
                others = (
                    [condition_sql(each, names, member) for each in entry.any if each is not condition]
                    if isinstance(entry, AnyOf)
                    else []
                )
                values = values_around(condition)
                found.append(
                    _Moving(
                        rule,
                        index,
                        condition,
                        rest,
                        sql.SQL("({})").format(sql.SQL(" or ").join(others)) if others else None,
                        values,
                        tuple(sorted({*values, *(min(value + 1, INT64) for value in values)})),
                    )
                )
            index += 1
    return found


def _all(parts: list[sql.Composable]) -> sql.Composable:
    return sql.SQL("({})").format(sql.SQL(" and ").join(parts)) if parts else sql.SQL("true")


def _matching(each: _Moving, counted: dict[int, int], value: int) -> int:
    """Orders the rule matches when its number is ``value``."""

    def reaching(bound: int) -> int:
        place = bisect_left(each.bounds, bound)
        return sum(count for bucket, count in counted.items() if bucket > place)

    total = sum(count for bucket, count in counted.items() if bucket != _ALWAYS)
    at_least, above = reaching(value), reaching(value + 1)
    found = {
        Operator.GT: above,
        Operator.GTE: at_least,
        Operator.LT: total - at_least,
        Operator.LTE: total - above,
        Operator.EQ: at_least - above,
        Operator.NE: total - at_least + above,
    }[each.condition.operator]
    return found + counted.get(_ALWAYS, 0)
