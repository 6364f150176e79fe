"""A draft beside live traffic, held against what was decided: told in the form of a backtest."""

from __future__ import annotations

from psycopg.rows import tuple_row

from backend.core.database import Connection, load_queries
from backend.core.http import known_id
from backend.risk.backtest.run import sample_order
from backend.risk.backtest.sweep import Decided, Group
from backend.risk.backtest.tally import Tally
from models.risk.backtest import SAMPLE_MOST, BacktestResult, SampleOrder, ShadowRun
from models.risk.rules import Action, RuleSet

queries = load_queries(__package__)


async def compare(connection: Connection, found: RuleSet, currency: str) -> ShadowRun:
    """What the set would have decided about the orders it saw, and what was decided about them."""
    which = {"rule_set_id": known_id(found.rule_set_id, "rule set")}
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(queries.shadow_span, which)
        span = await cursor.fetchone()
        assert span is not None  # noqa: S101 - an aggregate answers one row
        first, last, now, published_id, published_number = span
        tally = Tally()
        await cursor.execute(queries.shadow_groups, which)
        for (
            action,
            triggered,
            other,
            other_triggered,
            day,
            fraud,
            orders,
            amount,
            unconverted,
        ) in await cursor.fetchall():
            group = Group(
                Decided(Action(action), tuple(triggered)),
                Decided(Action(other), tuple(other_triggered)),
                day,
                orders,
                amount,
                unconverted,
            )
            tally.add(group)
            if fraud:
                tally.add(group, fraud=True)
        samples: list[tuple[SampleOrder, ...]] = []
        for appear in (True, False):
            await cursor.execute(queries.shadow_sample, which | {"appear": appear, "limit": SAMPLE_MOST})
            samples.append(tuple(sample_order(row) for row in await cursor.fetchall()))
    own = tuple(rule.rule_id for rule in found.rules if rule.enabled)
    return ShadowRun(
        rule_set_id=found.rule_set_id,
        since=found.shadow_since,
        orders=tally.orders,
        result=BacktestResult(
            from_=first,
            to=last or now,
            orders=tally.orders,
            amount=tally.amount,
            unconverted=tally.unconverted,
            currency=currency,
            draft=tally.draft.figures(found.rule_set_id, found.number, own),
            published=tally.published.figures(published_id, published_number, ()),
            difference=tally.difference(samples[0], samples[1]),
            load=tally.load(),
        ),
        as_of=now,
    )
