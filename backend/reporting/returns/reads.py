"""Reports, and what they are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.reporting.returns import queries
from backend.reporting.returns.figures import Basis, Figure
from backend.reporting.returns.periods import end_of, following
from models.core.money import UNUSUAL_DECIMALS
from models.core.problems import Code
from models.reporting import Region, TaxFinding, TaxLineRecord, TaxReport

NO_REPORT: Final = "There is no such tax report."
DECIMALS: Final = json.dumps(UNUSUAL_DECIMALS)
"""Of currencies that have not two."""


async def figures(connection: Connection, region: str, cut: int, before: date) -> list[Figure]:
    """What periods that begin before a day come to, at a number."""
    values = {"region": region, "cut": cut, "before": before, "decimals": DECIMALS}
    rows = await (await connection.execute(queries.figures, values)).fetchall()
    return [Figure._make((*row[:7], tuple(row[7]), *row[8:])) for row in rows]


async def basis(
    connection: Connection,
    region: Region,
    period: date,
    cut: int,
    builds_on: Sequence[tuple[UUID, str, int]],
    inputs: dict[str, Any],
) -> Basis:
    """All that a return is made of; ``builds_on`` are the returns before it: id, hash and cut."""
    before = following(period, region.period)
    filed = await (
        await connection.execute(
            queries.filed, {"region": region.region, "returns": [number for number, _, _ in builds_on]}
        )
    ).fetchall()
    span = {"start": period, "end": end_of(period, region.period), "cut": cut, "region": region.region}
    buckets = await (await connection.execute(queries.buckets, span)).fetchall()
    then = builds_on[-1][2] if builds_on else 0
    return Basis(
        region=region,
        period=period,
        cut=cut,
        figures=await figures(connection, region.region, cut, before),
        figures_then=await figures(connection, region.region, then, before) if builds_on else (),
        cut_before=then,
        filed={(each, state): tax for each, state, tax in filed},
        builds_on=[(number, digest) for number, digest, _ in builds_on],
        buckets=[tuple(row) for row in buckets],
        inputs=inputs,
    )


async def live(connection: Connection, region: str, before: date | None = None) -> list[tuple[UUID, str, int]]:
    """Id, hash and cut of the returns that are filed, the oldest first."""
    rows = await (await connection.execute(queries.live, {"region": region})).fetchall()
    return [(number, digest, cut) for number, start, digest, cut in rows if before is None or start < before]


async def live_periods(connection: Connection, region: str) -> list[date]:
    """First days of periods whose return is filed, the oldest first."""
    rows = await (await connection.execute(queries.live, {"region": region})).fetchall()
    return [start for _, start, _, _ in rows]


async def region(connection: Connection, name: str) -> Region:
    """Where the seller files. Raises ProblemError 404 for a region in which they are not registered."""
    async with connection.cursor(row_factory=class_row(Region)) as cursor:
        found = await (await cursor.execute(queries.region, {"region": name})).fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, f"The seller is not registered in {name}; see the list of regions.")
    return found


async def regions(connection: Connection) -> list[Region | Unreadable]:
    """All of them."""
    async with connection.cursor(row_factory=lenient_row(Region)) as cursor:
        return await (await cursor.execute(queries.regions)).fetchall()


async def report(connection: Connection, report_id: UUID) -> TaxReport:
    """One report. Raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(TaxReport)) as cursor:
        await cursor.execute(queries.report, {"report_id": report_id})
        return the_one(await cursor.fetchall(), NO_REPORT)


async def page(connection: Connection, **values: Any) -> list[TaxReport | Unreadable]:
    """Reports behind the last one of the page before, the newest period first."""
    async with connection.cursor(row_factory=lenient_row(TaxReport)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def lines(connection: Connection, report_id: UUID) -> tuple[TaxLineRecord, ...]:
    """What a report declares."""
    async with connection.cursor(row_factory=lenient_row(TaxLineRecord)) as cursor:
        await cursor.execute(queries.lines, {"report_id": report_id})
        return readable(await cursor.fetchall())


class Finding(TaxFinding):
    """With the number a page goes on behind."""

    n: int


async def findings(
    connection: Connection, report_id: UUID, *, after: int = 0, blocking: bool | None = None, limit: int = 100
) -> list[Finding | Unreadable]:
    """What is odd about it, behind one; what blocks it comes first."""
    values = {"report_id": report_id, "after": after, "blocking": blocking, "limit": limit}
    async with connection.cursor(row_factory=lenient_row(Finding)) as cursor:
        await cursor.execute(queries.findings, values)
        return await cursor.fetchall()
