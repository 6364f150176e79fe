"""What a figure is made of, where an order is declared, what is due."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, readable
from backend.reporting.explain import queries
from backend.reporting.facts.reads import cut_at
from backend.reporting.returns import figures, reads
from backend.reporting.returns.periods import due_on, end_of, periods
from models.core.problems import Code
from models.reporting import (
    Region,
    TaxComparison,
    TaxKnown,
    TaxObligation,
    TaxOrder,
    TaxOrderPlace,
    TaxOrderRow,
    TaxReport,
    TaxReportState,
)

_DONE: Final = frozenset({TaxReportState.ACKNOWLEDGED, TaxReportState.ARCHIVED})
SHOWN: Final = timedelta(days=400)
"""How far back the calendar shows what is done."""


class Part(TaxOrderRow):
    """With the number a page goes on behind."""

    seq: int


async def orders_of_figure(
    connection: Connection,
    report: TaxReport,
    *,
    period: date,
    state: str,
    kind: str | None,
    rate: str | None,
    after: int,
    limit: int,
) -> list[Part | Unreadable]:
    """The parts of one figure of a report, at its number."""
    region = await reads.region(connection, report.region)
    rule = await (await connection.execute(queries.rule_now, {"regime": region.regime, "day": period})).fetchone()
    values: dict[str, Any] = {
        "region": region.region,
        "state": state,
        "kind": kind,
        "rate": rate,
        "by_document": rule is not None and rule[0] == "document",
        "start": period,
        "end": end_of(period, region.period),
        "cut": report.cut or 0,
        "after": after,
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(Part)) as cursor:
        await cursor.execute(queries.orders_of_figure, values)
        return await cursor.fetchall()


async def order(connection: Connection, order_id: str) -> TaxOrder:
    """An order with every return it is in. Raises ProblemError 404."""
    row = await (await connection.execute(queries.evidence_of_order, {"order_id": order_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such order.")
    async with connection.cursor(row_factory=lenient_row(TaxOrderPlace)) as cursor:
        await cursor.execute(queries.places_of_order, {"order_id": order_id})
        places = readable(await cursor.fetchall())
    return TaxOrder(order_id=order_id, places=places, evidence=row[0], as_of=await clock(connection))


async def comparison(connection: Connection, region: Region, at: datetime | None) -> TaxComparison:
    """As filed beside as known, at an instant or now."""
    now = at or await clock(connection)
    cut = await cut_at(connection, now)
    values = {"region": region.region, "at": now}
    filed = {
        (period, state): tax
        for period, state, tax in await (await connection.execute(queries.filed_at, values)).fetchall()
    }
    known = figures.known(await reads.figures(connection, region.region, cut, now.date()))
    rows = tuple(
        TaxKnown(
            period=key[0],
            state=key[1],
            filed=filed.get(key, 0),
            known=known.get(key, 0),
            delta=known.get(key, 0) - filed.get(key, 0),
        )
        for key in sorted(filed.keys() | known.keys())
    )
    return TaxComparison(region=region.region, currency=region.currency, cut=cut, rows=rows, as_of=now)


async def obligations(connection: Connection) -> list[TaxObligation]:
    """What is due in all regions: what is open, what comes next, and what was done lately."""
    now = await clock(connection)
    made = {
        (region, start): (number, TaxReportState(state))
        for region, start, number, state in await (await connection.execute(queries.reports_by_period)).fetchall()
    }
    found = []
    for region in readable(await reads.regions(connection)):
        today = now.astimezone(ZoneInfo(region.zone)).date()
        for begin in periods(region, today):
            number, state = made.get((region.region, begin), (None, None))
            end, due = end_of(begin, region.period), due_on(region, begin)
            if state in _DONE and due < today - SHOWN:
                continue
            found.append(
                TaxObligation(
                    region=region.region,
                    name=region.name,
                    period_start=begin,
                    period_end=end,
                    due_on=due,
                    owner=region.owner,
                    report_id=number,
                    state=state,
                    ended=end < today,
                    done=state in _DONE,
                )
            )
    return sorted(found, key=lambda each: (each.due_on, each.region))
