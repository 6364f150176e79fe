"""The figures of a month, out of groups of checked orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from psycopg.rows import class_row

from backend.core.database import Connection
from backend.risk.backtest.tally import ratio
from backend.risk.outcomes.upserts import queries
from models.core.money import decimals
from models.risk.report import (
    OutcomeKind,
    ReportAction,
    ReportAnalyst,
    ReportDay,
    ReportFigures,
    ReportOutcome,
    ReportRule,
)
from models.risk.rules import STRENGTH, Action

_ENTRY = frozenset({Action.REVIEW, Action.BLOCK})


@dataclass(slots=True)
class _MonthSums:
    orders: int = 0
    amount: int = 0
    frauds: int = 0

    def add(self, orders: int, amount: int, *, fraud: bool) -> None:
        self.orders += orders
        self.amount += amount
        self.frauds += orders * fraud


def bounds(month: date) -> tuple[datetime, datetime]:
    """First instant of a month and of the next, in UTC."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return tuple(datetime(day.year, day.month, 1, tzinfo=UTC) for day in (month, following))  # type: ignore[return-value]


async def month_figures(connection: Connection, month: date, currency: str) -> ReportFigures:
    """The figures of the orders checked in a month, as far as their outcomes are known now."""
    begin, end = bounds(month)
    which = {"begin": begin, "end": end}
    groups = await (await connection.execute(queries.month_groups, which)).fetchall()
    came_in = await (await connection.execute(queries.month_outcomes, which)).fetchall()
    async with connection.cursor(row_factory=class_row(ReportAnalyst)) as cursor:
        await cursor.execute(queries.month_analysts, which)
        analysts = tuple(await cursor.fetchall())
    return _figures(groups, analysts, _outcomes(came_in, currency), currency)


def _figures(
    groups: Iterable[Sequence[Any]],
    analysts: tuple[ReportAnalyst, ...],
    outcomes: tuple[ReportOutcome, ...],
    currency: str,
) -> ReportFigures:
    actions: defaultdict[Action, _MonthSums] = defaultdict(_MonthSums)
    rules: defaultdict[str, _MonthSums] = defaultdict(_MonthSums)
    verdicts: defaultdict[str, _MonthSums] = defaultdict(_MonthSums)
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    unconverted = fraud_amount = 0
    for name, triggered, day, verdict, fraud, orders, known, amount in groups:
        action = Action(name)
        actions[action].add(orders, amount, fraud=fraud)
        for rule_id in triggered:
            rules[rule_id].add(orders, amount, fraud=fraud)
        days[day][0] += orders
        if action in _ENTRY:
            days[day][1] += orders
            verdicts[verdict or "undecided"].add(orders, amount, fraud=fraud)
        unconverted += orders - known
        fraud_amount += amount * fraud
    checked = sum(each.orders for each in actions.values())
    frauds = sum(each.frauds for each in actions.values())
    entries = sum(actions[action].orders for action in _ENTRY)
    caught = sum(actions[action].frauds for action in _ENTRY)
    return ReportFigures(
        currency=currency,
        checked=checked,
        amount=sum(each.amount for each in actions.values()),
        unconverted=unconverted,
        flagged=checked - actions[Action.APPROVE].orders,
        entries=entries,
        approved=verdicts["approved"].orders,
        rejected=verdicts["rejected"].orders,
        undecided=verdicts["undecided"].orders,
        approved_amount=verdicts["approved"].amount,
        rejected_amount=verdicts["rejected"].amount,
        frauds=frauds,
        fraud_amount=fraud_amount,
        missed=frauds - caught,
        precision=ratio(caught, entries),
        recall=ratio(caught, frauds),
        false_positive_rate=ratio(entries - caught, checked - frauds),
        actions=tuple(
            ReportAction(action=action, orders=sums.orders, amount=sums.amount, frauds=sums.frauds)
            for action in STRENGTH
            for sums in (actions[action],)
        ),
        rules=tuple(
            ReportRule(
                rule_id=rule_id,
                orders=sums.orders,
                amount=sums.amount,
                frauds=sums.frauds,
                precision=ratio(sums.frauds, sums.orders),
            )
            for rule_id, sums in sorted(rules.items(), key=lambda item: (-item[1].orders, item[0]))
        ),
        analysts=analysts,
        outcomes=outcomes,
        days=tuple(ReportDay(day=day, checked=all_, entries=some) for day, (all_, some) in sorted(days.items())),
    )


def _outcomes(rows: Iterable[Sequence[Any]], reporting: str) -> tuple[ReportOutcome, ...]:
    """Counts and amounts by kind, converted at the rate of their day."""
    counts: defaultdict[OutcomeKind, int] = defaultdict(int)
    amounts: defaultdict[OutcomeKind, int] = defaultdict(int)
    left_out: defaultdict[OutcomeKind, int] = defaultdict(int)
    for name, currency, rate, count, minor in rows:
        kind = OutcomeKind(name)
        counts[kind] += count
        if currency == reporting:
            amounts[kind] += minor
        elif rate is not None:
            shift = Decimal(10) ** (decimals(reporting) - decimals(currency))
            amounts[kind] += int((minor * rate * shift).quantize(Decimal(1), ROUND_HALF_UP))
        else:
            left_out[kind] += count
    return tuple(
        ReportOutcome(kind=kind, count=counts[kind], amount=amounts[kind], unconverted=left_out[kind])
        for kind in OutcomeKind
    )
