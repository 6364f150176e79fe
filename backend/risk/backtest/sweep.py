"""Two rule sets over many orders in one scan: how often which rules fire together, counted by the database.

A predicate that both sets share is computed once. Each order becomes a few words of bits, one bit a predicate, and
orders with the same bits are counted together; what they mean for actions, entries and outcomes is worked out of these
few groups in Python, by the same precedence as a check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import sql

from backend.risk.predicate import EvaluationContext, effective, heaviest_first
from backend.risk.sql_conditions import Names, SqlContext, held_sql, unsuppressed_sql
from models.risk.backtest import SAMPLE_MOST
from models.risk.rules import STRENGTH, Action, FraudRule

WORD = 62
"""Bits of a word; the sign stays out of it."""
_ALLOWED, _BLOCKED = 1, 2


@dataclass(frozen=True, slots=True)
class Decided:
    """What a set says about the orders of a group."""

    action: Action
    triggered: tuple[str, ...]

    @property
    def entry(self) -> bool:
        """Whether they come into the queue."""
        return self.action in {Action.REVIEW, Action.BLOCK}


@dataclass(frozen=True, slots=True)
class Group:
    """Orders that both sets treat alike, and how many."""

    draft: Decided
    published: Decided
    day: date | None
    """When they were placed (UTC), for those that either set puts into the queue."""
    orders: int
    amount: int
    unconverted: int


class Sweep:
    """The statement for two sets, and what its rows mean."""

    def __init__(self, draft: Sequence[FraudRule], published: Sequence[FraudRule], context: SqlContext) -> None:
        self._context = context
        self._names = Names()
        self._predicates: dict[tuple[str, Any], tuple[int, FraudRule]] = {}
        self._draft = self._bits(draft)
        self._published = self._bits(published)
        self._words = max(1, -(-len(self._predicates) // WORD))
        self._meanings: dict[tuple[Any, ...], tuple[Decided, Decided]] = {}

    def _bits(self, rules: Sequence[FraudRule]) -> list[tuple[int, FraudRule]]:
        found = []
        for rule in rules:
            if rule.enabled:
                # The id belongs to it: snoozes silence rules by their id.
                key = (rule.rule_id, rule.conditions)
                bit, _ = self._predicates.setdefault(key, (len(self._predicates), rule))
                found.append((bit, rule))
        return found

    def statement(self, orders: sql.Composable, *, sampled: bool) -> sql.Composed:
        """Groups of ``orders``, a from clause with conditions whose rows of ``risk_order`` are called ``o``.

        Columns: the words, flag, demoted, day, orders, orders of known worth, worth, and sequence numbers of up to 100
        orders about which the sets disagree, or null.
        """
        words = [sql.Identifier(f"m{number}") for number in range(self._words)]
        inner = [sql.SQL("{} as {}").format(self._word(number), word) for number, word in enumerate(words)]
        acting = self._mask(self._draft, holding=True), self._mask(self._published, holding=True)
        either = self._any(words, acting[0] | acting[1])
        differs = sql.SQL("({} <> {} or demoted is not null)").format(
            self._any(words, acting[0]), self._any(words, acting[1])
        )
        seqs = sql.SQL("(array_agg(seq) filter (where {}))[1:{}]").format(differs, sql.Literal(SAMPLE_MOST))
        return sql.SQL(
            "select {words}, flag, demoted, day, count(*), count(order_value), coalesce(sum(order_value), 0)::bigint,"
            " {seqs} from (select {words}, flag, order_value, seq,"
            " case when {fired} then {demoted} end as demoted,"
            " case when {either} or flag = 2 then (placed_at at time zone 'UTC')::date end as day"
            # offset 0: each predicate is computed once, not wherever its word is used.
            " from (select {inner}, {flag} as flag, o.demoted, o.order_value, o.seq, o.placed_at"
            " from {orders} offset 0) as f) as g group by {keys}"
        ).format(
            words=sql.SQL(", ").join(words),
            keys=sql.SQL(", ").join([*words, sql.SQL("flag"), sql.SQL("demoted"), sql.SQL("day")]),
            seqs=seqs if sampled else sql.SQL("null::bigint[]"),
            fired=self._any(words, self._mask(self._draft) | self._mask(self._published)),
            either=either,
            inner=sql.SQL(", ").join(inner),
            flag=self._flag(),
            demoted=sql.SQL("nullif(demoted, '{}')") if self._context.recorded else sql.SQL("null::text[]"),
            orders=orders,
        )

    def group(self, row: Sequence[Any]) -> tuple[Group, list[int]]:
        """What a row of the statement means, and its sample."""
        *words, flag, demoted, day, orders, known, amount, seqs = row
        key = (*words, flag, *(demoted or ()))
        meaning = self._meanings.get(key)
        if meaning is None:
            bits = sum(word << (WORD * number) for number, word in enumerate(words))
            context = EvaluationContext(demoted=frozenset(demoted or ()))
            meaning = (
                self._decided(self._draft, bits, flag, context),
                self._decided(self._published, bits, flag, context),
            )
            if len(self._meanings) < 100_000:
                self._meanings[key] = meaning
        draft, published = meaning
        entry = draft.entry or published.entry
        found = Group(draft, published, day if entry else None, orders, amount, orders - known)
        return found, seqs if seqs and draft.entry != published.entry else []

    @staticmethod
    def _decided(rules: list[tuple[int, FraudRule]], bits: int, flag: int, context: EvaluationContext) -> Decided:
        fired = heaviest_first(rule for bit, rule in rules if bits >> bit & 1)
        triggered = tuple(rule.rule_id for rule in fired)
        if flag == _ALLOWED:
            return Decided(Action.APPROVE, triggered)
        if flag == _BLOCKED:
            return Decided(Action.BLOCK, triggered)
        actions = [effective(rule, context) for rule in fired]
        return Decided(max(actions, key=STRENGTH.__getitem__, default=Action.APPROVE), triggered)

    def _word(self, number: int) -> sql.Composable:
        parts: list[sql.Composable] = [
            sql.SQL("case when {} then {}::bigint else 0 end").format(
                unsuppressed_sql(rule, self._names, self._context), sql.Literal(1 << (bit - number * WORD))
            )
            for bit, rule in self._predicates.values()
            if bit // WORD == number
        ]
        return sql.SQL("({})").format(sql.SQL(" | ").join(parts)) if parts else sql.SQL("0::bigint")

    def _flag(self) -> sql.Composable:
        allowed, blocked = (
            held_sql(lists, self._context.member) for lists in (self._context.allow, self._context.block)
        )
        if not self._context.allow and not self._context.block:
            return sql.SQL("0")
        first = sql.SQL("when cardinality(o.lists) = 0 then 0" if self._context.recorded else "")
        return sql.SQL("case {} when {} then 1 when {} then 2 else 0 end").format(first, allowed, blocked)

    @staticmethod
    def _mask(rules: list[tuple[int, FraudRule]], *, holding: bool = False) -> int:
        """Bits of rules; with ``holding`` of those that put orders into the queue."""
        found = 0
        for bit, rule in rules:
            if not holding or rule.action is not Action.FLAG:
                found |= 1 << bit
        return found

    def _any(self, words: list[sql.Identifier], mask: int) -> sql.Composable:
        """Whether any bit of a mask is set."""
        parts = []
        for number, word in enumerate(words):
            part = mask >> (WORD * number) & ((1 << WORD) - 1)
            if part:
                parts.append(sql.SQL("{} & {}::bigint <> 0").format(word, sql.Literal(part)))
        return sql.SQL("({})").format(sql.SQL(" or ").join(parts)) if parts else sql.SQL("false")
