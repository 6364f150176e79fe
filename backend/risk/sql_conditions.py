"""A rule as SQL over the columns of ``risk_order``: the same as ``backend.risk.predicate``, for many orders at once.

Metrics become column names out of the registry, values become parameters; nothing of a rule's text becomes SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from models.risk.metrics import METRICS, MetricType, Operator
from models.risk.rules import SCORE_MOST, Action, AnyOf, Condition, FraudRule

_SIGNS = {
    Operator.GT: sql.SQL(">"),
    Operator.GTE: sql.SQL(">="),
    Operator.LT: sql.SQL("<"),
    Operator.LTE: sql.SQL("<="),
    Operator.EQ: sql.SQL("="),
    Operator.NE: sql.SQL("<>"),
    Operator.IS: sql.SQL("="),
}

_TYPES = {
    MetricType.NUMBER: sql.SQL("bigint"),
    MetricType.MONEY: sql.SQL("bigint"),
    MetricType.MINUTES: sql.SQL("bigint"),
    MetricType.FLAG: sql.SQL("boolean"),
    MetricType.TEXT: sql.SQL("text"),
}

Member = Callable[[str, str], sql.Composable]
"""An expression for: list (id) holds the order's value of a metric."""


@dataclass(frozen=True, slots=True)
class Names:
    """How the statement around calls what an expression needs."""

    order: str = "o"
    """The row of ``risk_order``."""

    def column(self, name: str) -> sql.Composable:
        """A column of the order."""
        return sql.Identifier(self.order, name)


def recorded_member(names: Names) -> Member:
    """Membership as it was when the order became known."""

    def member(list_id: str, metric: str) -> sql.Composable:
        return sql.SQL("({} = any ({}))").format(sql.Literal(f"{list_id}:{metric}"), names.column("lists"))

    return member


def present_member(names: Names) -> Member:
    """Membership as it is now; each list is read once for all orders of the statement."""

    def member(list_id: str, metric: str) -> sql.Composable:
        return sql.SQL(
            "({} in (select e.value from risk_list as l join risk_list_entry as e on e.list_id = l.id"
            " where l.id = {} and l.metric = {} and l.deleted_at is null and e.removed_at is null"
            " and (e.until is null or e.until > now())))"
        ).format(names.column(metric), sql.Literal(list_id), sql.Literal(metric))

    return member


def condition_sql(condition: Condition, names: Names, member: Member) -> sql.Composable:
    """An expression that is true when a condition holds; false or null when it does not."""
    metric = METRICS[condition.metric]
    column = names.column(metric.key)
    if condition.operator in {Operator.IN_LIST, Operator.NOT_IN_LIST}:
        inside = member(str(condition.value), metric.key)
        held = inside if condition.operator is Operator.IN_LIST else sql.SQL("not {}").format(inside)
        return sql.SQL("({} is not null and {})").format(column, held)
    compared, cast = condition.compared, _TYPES[metric.kind]
    if condition.operator in {Operator.IN, Operator.NOT_IN}:
        among = sql.SQL("= any" if condition.operator is Operator.IN else "<> all")
        return sql.SQL("{} {} ({}::text[])").format(column, among, sql.Literal(list(compared)))
    return sql.SQL("{} {} {}::{}").format(column, _SIGNS[condition.operator], sql.Literal(compared), cast)


def entry_sql(entry: Condition | AnyOf, names: Names, member: Member) -> sql.Composable:
    """A condition or a group, as ``condition_sql``."""
    if isinstance(entry, AnyOf):
        return sql.SQL("({})").format(sql.SQL(" or ").join([condition_sql(each, names, member) for each in entry.any]))
    return condition_sql(entry, names, member)


def rule_sql(rule: FraudRule, names: Names, member: Member) -> sql.Composable:
    """Whether all conditions hold: true or false, never null."""
    # Once for the rule, not for each condition: what is null inside can only make the whole null or false.
    return sql.SQL("(({}) is true)").format(
        sql.SQL(" and ").join([entry_sql(entry, names, member) for entry in rule.conditions])
    )


@dataclass(frozen=True, slots=True)
class SqlContext:
    """What besides an order's values bears on a decision, for all orders of a statement."""

    member: Member
    allow: Sequence[tuple[str, str]]
    """Lists that allow, as id and metric."""
    block: Sequence[tuple[str, str]]
    recorded: bool
    """Whether rules are quiet or only flag as they did when each order became known; otherwise none is, none does."""


def decision_sql(rules: Sequence[FraudRule], names: Names, context: SqlContext) -> sql.Composed:
    """``(select score, action, triggered …)`` for a lateral join: the same as ``predicate.decide``.

    Columns: ``score`` integer, ``action`` text, ``triggered`` text[] by points, ``unsuppressed``
    boolean[] with an element for each enabled rule.
    """
    enabled = [rule for rule in rules if rule.enabled]
    unsuppressed = [unsuppressed_sql(rule, names, context) for rule in enabled]
    fired = [sql.Identifier("f", f"r{number}") for number in range(len(enabled))]
    columns = [
        sql.SQL("{} as {}").format(expression, sql.Identifier(f"r{number}"))
        for number, expression in enumerate(unsuppressed)
    ]
    allowed, blocked = held_sql(context.allow, context.member), held_sql(context.block, context.member)
    score = sql.SQL(" + ").join(
        [sql.SQL("{}::integer * {}").format(one, sql.Literal(rule.severity)) for one, rule in _pairs(fired, enabled)]
        or [sql.SQL("0").format()]
    )
    strongest: list[sql.Composable] = []
    for action in (Action.BLOCK, Action.REVIEW, Action.FLAG):
        found = [_acts(one, rule, action, names, context) for one, rule in _pairs(fired, enabled)]
        held = [each for each in found if each is not None]
        if held:
            strongest.append(sql.SQL("when {} then {}").format(sql.SQL(" or ").join(held), sql.Literal(action.value)))
    triggered = sql.SQL("array_remove(array[{}]::text[], null)").format(
        sql.SQL(", ").join(
            sql.SQL("case when {} then {} end").format(one, sql.Literal(rule.rule_id))
            for one, rule in sorted(_pairs(fired, enabled), key=lambda pair: -pair[1].severity)
        )
    )
    return sql.SQL(
        "(select case when f.allowed then 0 when f.blocked then {most} else least({most}, {score}) end as score,"
        " case when f.allowed then 'approve' when f.blocked then 'block' {strongest} else 'approve' end as action,"
        " {triggered} as triggered, array[{unsuppressed}]::boolean[] as unsuppressed"
        # offset 0: each condition is computed once, not wherever it is used.
        " from (select {allowed} as allowed, {blocked} as blocked{columns} offset 0) as f)"
    ).format(
        most=sql.Literal(SCORE_MOST),
        score=score,
        strongest=sql.SQL(" ").join(strongest),
        triggered=triggered,
        unsuppressed=sql.SQL(", ").join(fired),
        allowed=allowed,
        blocked=blocked,
        columns=sql.SQL("").join(sql.SQL(", {}").format(column) for column in columns),
    )


def _pairs(fired: Sequence[sql.Composable], rules: Sequence[FraudRule]) -> Iterator[tuple[sql.Composable, FraudRule]]:
    return zip(fired, rules, strict=True)


def unsuppressed_sql(rule: FraudRule, names: Names, context: SqlContext) -> sql.Composable:
    """Whether a rule fires and is not quiet for the order: true or false."""
    holds = rule_sql(rule, names, context.member)
    if not context.recorded:
        return holds
    return sql.SQL("({} and {} <> all ({}))").format(holds, sql.Literal(rule.rule_id), names.column("snoozed"))


def _acts(
    fired: sql.Composable, rule: FraudRule, action: Action, names: Names, context: SqlContext
) -> sql.Composable | None:
    """When a fired rule does ``action``; ``None`` when it never does. One past its cap only flags."""
    demoted = sql.SQL("{} = any ({})").format(sql.Literal(rule.rule_id), names.column("demoted"))
    if rule.action is action:
        return (
            fired
            if not context.recorded or action is Action.FLAG
            else sql.SQL("({} and not {})").format(fired, demoted)
        )
    if action is Action.FLAG and context.recorded:
        return sql.SQL("({} and {})").format(fired, demoted)
    return None


def held_sql(lists: Sequence[tuple[str, str]], member: Member) -> sql.Composable:
    """Whether any of some lists holds a value of the order: true or false."""
    if not lists:
        return sql.SQL("false")
    return sql.SQL("(({}) is true)").format(
        sql.SQL(" or ").join([member(list_id, metric) for list_id, metric in lists])
    )
