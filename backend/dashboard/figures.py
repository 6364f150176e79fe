"""The figures at an instant, and how far the sources reach. Also what alert rules are evaluated against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import zip_longest

from backend.dashboard import queries
from backend.dashboard.ledger import DAY, Ledger, load
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

PENDING_FROM_TOTALS = 7
"""Days from which on pending orders follow from totals; the index of long open orders starts there."""


def points_of(as_of: datetime, range_days: int) -> Iterator[datetime]:
    """The boundaries of every window that ends at ``as_of``."""
    for days in (0, 1, 7, 30, range_days):
        yield as_of - days * DAY


def figures_from(
    ledger: Ledger, as_of: datetime, range_days: int, pending: int, community: tuple[int | None, int | None]
) -> DashboardFigures:
    """The figures at ``as_of``."""
    revenue = (ledger.between(as_of - days * DAY, as_of).revenue for days in (1, 7, 30))
    window = ledger.between(as_of - range_days * DAY, as_of)
    daily, weekly, monthly = revenue
    discord, showcases = community
    return DashboardFigures(
        revenue=RevenueFigures(daily=daily, weekly=weekly, monthly=monthly),
        orders=OrderFigures(total=window.orders, refunded=window.refunds, pending=pending),
        downloads=DownloadFigures(total=window.downloads, failure_rate=window.failure_rate),
        community=CommunityFigures(discord_members=discord, showcases=showcases),
    )


async def figures_at(connection: Connection, as_of: datetime, range_days: int) -> DashboardFigures:
    """Every figure for the window of ``range_days`` (any number from 1) that ends at ``as_of``."""
    since = as_of - range_days * DAY
    from_totals = range_days >= PENDING_FROM_TOTALS
    pairs = [(as_of, since)] if from_totals else []
    ledger = await load(connection, points_of(as_of, range_days), hourly=None, pending=pairs)
    if from_totals:
        pending = ledger.pending(as_of)
    else:
        row = await (await connection.execute(queries.pending_recent, {"seen": as_of, "since": since})).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always answers
        pending = row[0]
    readings = await (await connection.execute(queries.community, {"points": [as_of]})).fetchall()
    return figures_from(ledger, as_of, range_days, pending, (readings[0][0], readings[0][2]))


async def sources_at(connection: Connection, as_of: datetime, settings: Settings) -> dict[SourceName, SourceStatus]:
    """How far each source reaches at ``as_of``, and whether it is late."""
    row = await (await connection.execute(queries.sources, {"as_of": as_of})).fetchone()
    status: dict[SourceName, SourceStatus] = {}
    for source, through in zip_longest(SourceName, row or ()):
        cadence = settings.cadence(source)
        late = through is None or as_of - through > timedelta(seconds=cadence)
        status[source] = SourceStatus(data_through=through, expected_within_seconds=cadence, late=late)
    return status
