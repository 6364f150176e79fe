"""How many of the newest orders rules match: asked again and again while somebody edits, so bounded in time."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from backend.core.clock import clock
from backend.core.database import Connection
from backend.risk.sql_conditions import Names, condition_sql, present_member, rule_sql
from backend.risk.sql_examples import every_rule
from models.risk.backtest import MATCH_ORDERS, RuleMatch, RuleMatches
from models.risk.rules import FraudRule


async def match(connection: Connection, rules: Sequence[FraudRule]) -> RuleMatches:
    """Counts over the newest thousand orders, lists as they are now; at most 1 000 conditions, so one statement."""
    row = await (await connection.execute(_statement(rules))).fetchone()
    assert row is not None  # noqa: S101 - an aggregate answers one row
    orders, matched, *found = row
    by_rule, by_condition = found[: len(rules)], iter(found[len(rules) :])
    return RuleMatches(
        orders=orders,
        matched=matched,
        rules=tuple(
            RuleMatch(
                rule_id=rule.rule_id,
                orders=count,
                conditions=tuple(next(by_condition) for _ in rule.each_condition()),
            )
            for rule, count in zip(rules, by_rule, strict=True)
        ),
        as_of=await clock(connection),
    )


def _statement(rules: Sequence[FraudRule]) -> sql.Composed:
    """One row: orders, those that an enabled rule matches, and how many each rule and then each condition matches."""
    names = Names()
    member = present_member(names)
    rows = [rule_sql(rule, names, member) for rule in rules]
    single = [condition_sql(each, names, member) for rule in rules for each in rule.each_condition()]
    enabled = [row for row, rule in zip(rows, rules, strict=True) if rule.enabled]
    any_of = sql.SQL("({})").format(sql.SQL(" or ").join(enabled)) if enabled else sql.SQL("false")
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) filter (where {})").format(expression) for expression in [any_of, *rows, *single]
    )
    return sql.SQL("select count(*), {} from (select * from risk_order order by seq desc limit {}) as o").format(
        counts, sql.Literal(MATCH_ORDERS)
    )


def examples() -> tuple[sql.Composed, ...]:
    """Statements put together here, for the test that prepares them all."""
    return _statement(every_rule()), _statement(())
