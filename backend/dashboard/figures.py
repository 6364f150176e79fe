"""The figures at an instant, and how far the sources reach. Also what alert rules are evaluated against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, LiteralString

from backend.dashboard import queries
from backend.dashboard.ledger import Sums, Totals, totals
from backend.dashboard.windows import DAY
from backend.database import Connection
from backend.settings import Settings
from models.dashboard import (
    CommunityFigures,
    DashboardFigures,
    DownloadFigures,
    OrderFigures,
    RevenueFigures,
    SourceStatus,
)
from models.figures import SourceName

__all__ = [
    "FAR_PAST",
    "Sums",
    "Totals",
    "assemble",
    "community_at",
    "figures_at",
    "long_open",
    "revenue_boundaries",
    "sources_at",
    "totals",
]

FAR_PAST = timedelta(days=366 * 250)
"""Further back than any record may lie."""
INDEXED_DAYS = 7
"""From this range on, orders that stayed open come out of an index of their own."""


def revenue_boundaries(as_of: datetime) -> set[datetime]:
    """Where the windows of the revenue figures begin and end."""
    return {as_of - days * DAY for days in (0, 1, 7, 30)}


def assemble(
    known: Totals, as_of: datetime, range_days: int, still_open: int, community: CommunityFigures
) -> DashboardFigures:
    """The figures at ``as_of``; ``still_open`` are open orders placed before the range, which pending leaves out."""
    window = known.between(as_of - range_days * DAY, as_of)
    daily, weekly, monthly = (known.between(as_of - days * DAY, as_of).revenue for days in (1, 7, 30))
    return DashboardFigures(
        revenue=RevenueFigures(daily=daily, weekly=weekly, monthly=monthly),
        orders=OrderFigures(
            total=window.orders,
            refunded=window.refunds,
            # Two statements may see an order settle between them; a count is never negative.
            pending=max(0, known.open_at(as_of) - still_open),
        ),
        downloads=DownloadFigures(total=window.downloads, failure_rate=window.failure_rate),
        community=community,
    )


async def long_open(connection: Connection, instants: Sequence[datetime], range_days: int) -> dict[datetime, int]:
    """For each instant: orders placed before the range that ends there and still open there."""
    values = {"seen": list(instants), "since": [instant - range_days * DAY for instant in instants]}
    if range_days >= INDEXED_DAYS:
        return await _counts(connection, queries.long_open, values)
    recent = await _counts(connection, queries.recently_open, values)
    older = await long_open(connection, instants, INDEXED_DAYS)
    return {instant: recent[instant] + older[instant] for instant in instants}


async def _counts(connection: Connection, statement: LiteralString, values: dict[str, Any]) -> dict[datetime, int]:
    rows = await (await connection.execute(statement, values, prepare=True)).fetchall()
    return {row[0]: row[1] for row in rows}


async def community_at(
    connection: Connection, instants: Sequence[datetime], oldest: Sequence[datetime]
) -> dict[SourceName, list[int | None]]:
    """The latest value of each community figure at each instant, ``None`` unless observed after its ``oldest``."""
    values = {"points": list(instants), "oldest": list(oldest)}
    rows = await (await connection.execute(queries.community_latest, values, prepare=True)).fetchall()
    return {SourceName.DISCORD: [row[0] for row in rows], SourceName.SHOWCASES: [row[1] for row in rows]}


async def figures_at(connection: Connection, as_of: datetime, range_days: int) -> DashboardFigures:
    """Every figure for the window of ``range_days`` (any number from 1) that ends at ``as_of``."""
    since = as_of - range_days * DAY
    known = await totals(
        connection,
        revenue_boundaries(as_of) | {since},
        settled_at=[as_of],
        downloads_at=[as_of, since],
        step="day",
        between=(since, as_of),
    )
    still_open = await long_open(connection, [as_of], range_days)
    found = await community_at(connection, [as_of], [as_of - FAR_PAST])
    community = CommunityFigures(discord_members=found[SourceName.DISCORD][0], showcases=found[SourceName.SHOWCASES][0])
    return assemble(known, as_of, range_days, still_open[as_of], community)


async def sources_at(connection: Connection, as_of: datetime, settings: Settings) -> dict[SourceName, SourceStatus]:
    """How far each source reaches at ``as_of``, and whether it is late."""
    row = await (await connection.execute(queries.sources, {"as_of": as_of}, prepare=True)).fetchone()
    status: dict[SourceName, SourceStatus] = {}
    for source, through in zip_longest(SourceName, row or ()):
        cadence = settings.cadence(source)
        late = through is None or as_of - through > timedelta(seconds=cadence)
        status[source] = SourceStatus(data_through=through, expected_within_seconds=cadence, late=late)
    return status
