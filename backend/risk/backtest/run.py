"""Works a backtest off: slices by sequence number, each in a read-only transaction, and nothing written but its row."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from pydantic import TypeAdapter

from backend.core.database import Connection, Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.risk.backtest import actions
from backend.risk.backtest.actions import Claim, queries
from backend.risk.backtest.curves import Curves
from backend.risk.backtest.sweep import Sweep
from backend.risk.backtest.tally import Tally
from backend.risk.sql_conditions import Names, SqlContext, decision_sql, present_member, recorded_member
from backend.risk.sql_examples import BARE, PRESENT, RECORDED, every_rule
from models.risk.backtest import SAMPLE_MOST, BacktestCircumstances, BacktestResult, SampleOrder
from models.risk.rules import FraudRule, ListKind

log = logger(__name__)

SLICE = 200_000
"""Sequence numbers of a slice; halved with each new attempt, should a slice have been too much."""
ATTEMPTS_MOST = 3

RULES = TypeAdapter(tuple[FraudRule, ...])


class ClaimLost(Exception):  # noqa: N818 - no error: somebody cancelled, or another worker has it now
    """The backtest is no longer ours."""


async def run(database: Database, backtest_id: UUID, currency: str) -> None:
    """Work it off from the beginning, unless it is cancelled or done. Raises DatabaseUnavailable: try again later.

    What was cancelled ends with its next slice; what failed three times in the middle says so and stays.
    """
    async with database.transaction() as tx:
        claim = await actions.claim(tx, backtest_id)
    if claim is None:
        return
    if claim.attempts > ATTEMPTS_MOST:
        words = f"It was interrupted {ATTEMPTS_MOST} times. Ask again, for fewer days or fewer rules if it persists."
        await _fail(database, claim, words)
        return
    try:
        result = await _Replay(database, claim, currency).result()
        async with database.transaction() as tx:
            await actions.finish(tx, claim, result)
    except ClaimLost:
        log.info("backtest given up", backtest=str(backtest_id))
    except (DatabaseUnavailable, asyncio.CancelledError):
        raise
    except Exception as error:
        log.exception("backtest failed", backtest=str(backtest_id), exc_info=error)
        await _fail(database, claim, "It failed for a reason of ours; the log of the worker tells which.")


async def _fail(database: Database, claim: Claim, words: str) -> None:
    async with database.transaction() as tx:
        await actions.fail(tx, claim, words)


@dataclass(frozen=True, slots=True)
class _Span:
    """Sequence numbers of the orders of the period."""

    first: int
    last: int
    orders: int


class _Replay:
    """One backtest at work."""

    def __init__(self, database: Database, claim: Claim, currency: str) -> None:
        self._database = database
        self._claim = claim
        self._currency = currency
        self._rules = RULES.validate_python(claim.rules)
        self._tally = Tally()
        self._sample: dict[bool, list[int]] = {True: [], False: []}
        """Sequence numbers of entries that appear, and that disappear."""

    async def result(self) -> BacktestResult:
        async with self._database.transaction() as tx:
            await _only_read(tx)
            published_id, number, stored = await _row(tx, queries.published)
            context = await self._read_context(tx)
            first, last, orders = await _row(
                tx, queries.span, {"from": self._claim.placed_from, "to": self._claim.placed_to}
            )
            own = await self._number(tx)
        published = RULES.validate_python(stored)
        span = _Span(first or 0, last if last is not None else -1, orders)
        sweep = Sweep(self._rules, published, context)
        curves = Curves(self._rules, context.member, span.orders)
        await self._sweep(sweep, span)
        await self._sweep_frauds(sweep, curves, span)
        if curves:
            await self._curves(curves, span)
        appear, disappear = await self._samples(published, context)
        own_id = str(self._claim.rule_set_id) if self._claim.rule_set_id is not None else None
        tally = self._tally
        return BacktestResult(
            from_=self._claim.placed_from,
            to=self._claim.placed_to,
            orders=tally.orders,
            amount=tally.amount,
            unconverted=tally.unconverted,
            currency=self._currency,
            draft=tally.draft.figures(own_id, own, _enabled(self._rules)),
            published=tally.published.figures(published_id, number, _enabled(published)),
            difference=tally.difference(appear, disappear),
            load=tally.load(),
            curves=curves.result(),
            curve_every=curves.every,
        )

    async def _number(self, tx: Connection) -> int | None:
        if self._claim.rule_set_id is None:
            return None
        (number,) = await _row(tx, queries.number_of, {"rule_set_id": self._claim.rule_set_id})
        return int(number)

    async def _read_context(self, tx: Connection) -> SqlContext:
        recorded = self._claim.circumstances is BacktestCircumstances.RECORDED
        lists = await (await tx.execute(queries.lists)).fetchall()
        kinds: dict[str, list[tuple[str, str]]] = {ListKind.ALLOW: [], ListKind.BLOCK: []}
        for list_id, kind, metric, gone in lists:
            if recorded or not gone:
                kinds[kind].append((list_id, metric))
        member = (recorded_member if recorded else present_member)(Names())
        return SqlContext(member, kinds[ListKind.ALLOW], kinds[ListKind.BLOCK], recorded=recorded)

    async def _sweep(self, sweep: Sweep, span: _Span) -> None:
        """All orders, the newest slice first, so that samples are of new orders."""
        size = max(1_000, SLICE >> (self._claim.attempts - 1))
        upper = span.last
        while upper >= span.first:
            lower = max(span.first, upper - size + 1)
            wanted = any(len(each) < SAMPLE_MOST for each in self._sample.values())
            for row in await self._rows(sweep.statement(self._between(lower, upper), sampled=wanted)):
                group, seqs = sweep.group(row)
                self._tally.add(group)
                if seqs:
                    self._sample[group.draft.entry] += seqs
            upper = lower - 1
            await self._beat(0.9 * (span.last - upper) / (span.last - span.first + 1))

    async def _sweep_frauds(self, sweep: Sweep, curves: Curves, span: _Span) -> None:
        """Those that turned out to be fraud, few as they are, once more: found by their outcomes, not by a scan."""
        orders = self._where(_FRAUDS, span)
        for row in await self._rows(sweep.statement(orders, sampled=False)):
            self._tally.add(sweep.group(row)[0], fraud=True)
        if curves:
            curves.add(await self._rows(curves.statement(orders)), fraud=True)
        await self._beat(0.93)

    async def _curves(self, curves: Curves, span: _Span) -> None:
        source = _ALL if curves.every == 1 else _each(curves.every, span)
        curves.add(await self._rows(curves.statement(self._where(source, span))), fraud=False)
        await self._beat(0.98)

    async def _samples(
        self, published: Sequence[FraudRule], context: SqlContext
    ) -> tuple[tuple[SampleOrder, ...], tuple[SampleOrder, ...]]:
        wanted = {which: sorted(seqs, reverse=True)[:SAMPLE_MOST] for which, seqs in self._sample.items()}
        seqs = wanted[True] + wanted[False]
        if not seqs:
            return (), ()
        statement = _sample_statement(self._rules, published, context, seqs)
        appearing = set(wanted[True])
        found: dict[bool, list[SampleOrder]] = {True: [], False: []}
        for seq, *row in await self._rows(statement):
            found[seq in appearing].append(sample_order(row))
        return tuple(found[True]), tuple(found[False])

    def _between(self, lower: int, upper: int) -> sql.Composable:
        return self._where(_ALL, _Span(lower, upper, 0))

    def _where(self, source: sql.Composable, span: _Span) -> sql.Composable:
        return _within(source, span, self._claim.placed_from, self._claim.placed_to)

    async def _rows(self, statement: sql.Composed) -> list[Any]:
        async with self._database.transaction() as tx:
            await _only_read(tx)
            return await (await tx.execute(statement)).fetchall()

    async def _beat(self, progress: float) -> None:
        async with self._database.transaction() as tx:
            if not await actions.beat(tx, self._claim, progress):
                raise ClaimLost


_ALL = sql.SQL("risk_order as o")
_FRAUDS = sql.SQL("(select distinct order_id from risk_fraud) as f join risk_order as o on o.id = f.order_id")


def _each(every: int, span: _Span) -> sql.Composed:
    """Every so-many-th order, by their numbers: the others are not even read."""
    return sql.SQL(
        "generate_series({}::bigint, {}::bigint, {}::bigint) as n (seq)"
        " cross join lateral (select * from risk_order as r where r.seq = n.seq limit 1) as o"
    ).format(sql.Literal(span.first), sql.Literal(span.last), sql.Literal(every))


def _within(source: sql.Composable, span: _Span, after: datetime, until: datetime) -> sql.Composed:
    return sql.SQL(
        "{} where o.seq between {} and {} and o.placed_at > {}::timestamptz and o.placed_at <= {}::timestamptz"
    ).format(source, sql.Literal(span.first), sql.Literal(span.last), sql.Literal(after), sql.Literal(until))


def _sample_statement(
    rules: Sequence[FraudRule], published: Sequence[FraudRule], context: SqlContext, seqs: list[int]
) -> sql.Composed:
    """What both sets decide about some orders, as ``sample_order`` takes it, and before that the sequence number."""
    names = Names()
    return sql.SQL(
        "select o.seq, o.id, o.placed_at, o.currency, o.minor, d.action, d.score, d.triggered,"
        " p.action, p.score, p.triggered, exists (select from risk_fraud as f where f.order_id = o.id)"
        " from risk_order as o cross join lateral {} as d cross join lateral {} as p where o.seq = any ({})"
        " order by o.seq desc"
    ).format(decision_sql(rules, names, context), decision_sql(published, names, context), sql.Literal(seqs))


def examples() -> Iterator[sql.Composed]:
    """Statements put together here, for the test that prepares them all."""
    rules, span, now = every_rule(), _Span(1, 2, 2), datetime(2026, 1, 1, tzinfo=UTC)
    for context in (RECORDED, PRESENT, BARE):
        yield _sample_statement(rules, (), context, [1])
        sweep, curves = Sweep(rules, (), context), Curves(rules, context.member, span.orders)
        for orders in (_within(source, span, now, now) for source in (_ALL, _FRAUDS, _each(7, span))):
            yield sweep.statement(orders, sampled=True)
            yield sweep.statement(orders, sampled=False)
            yield curves.statement(orders)


async def _only_read(tx: Connection) -> None:
    """Nothing can be written here, whatever a rule says; and the planner is told what it cannot know."""
    await tx.execute("set transaction read only")
    # Orders fall into few groups, which are counted by hashing; taken for many, they would be sorted on disk. And
    # to compile a statement would cost more than its slice.
    await tx.execute("set local enable_sort = off; set local work_mem = '64MB'; set local jit = off")


async def _row(tx: Connection, statement: Any, values: dict[str, Any] | None = None) -> tuple[Any, ...]:
    row = await (await tx.execute(statement, values)).fetchone()
    assert row is not None  # noqa: S101 - aggregates, and the published set there always is
    return row


def sample_order(row: Sequence[Any]) -> SampleOrder:
    """A row of: order, instant, currency, minor; action, score, rules of the draft, then of the published; fraud."""
    order_id, placed_at, currency, minor, action, score, triggered, other, other_score, other_triggered, fraud = row
    return SampleOrder(
        order_id=order_id,
        placed_at=placed_at,
        currency=currency,
        minor=minor,
        action=action,
        score=score,
        triggered=tuple(triggered),
        other_action=other,
        other_score=other_score,
        other_triggered=tuple(other_triggered),
        fraud=fraud,
    )


def _enabled(rules: Sequence[FraudRule]) -> tuple[str, ...]:
    return tuple(rule.rule_id for rule in rules if rule.enabled)
