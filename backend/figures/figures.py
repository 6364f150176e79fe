"""The figures at an instant, and how far the sources reach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from backend.core.database import Connection, array, load_queries
from backend.core.settings import Settings
from backend.figures.ledger import Totals, totals
from backend.figures.windows import DAY
from models.dashboard import (
    CommunityFigures,
    DashboardFigures,
    DownloadFigures,
    OrderFigures,
    RevenueFigures,
    SourceStatus,
)
from models.figures import FigureName, SourceName

queries = load_queries(__package__)

FAR_PAST = timedelta(days=366 * 250)
"""Further back than any record may lie."""


def revenue_boundaries(as_of: datetime) -> set[datetime]:
    """Where the windows of the revenue figures begin and end."""
    return {as_of - days * DAY for days in (0, 1, 7, 30)}


def assemble(known: Totals, as_of: datetime, range_days: int, community: CommunityFigures) -> DashboardFigures:
    """The figures at ``as_of``, all but the community's from one snapshot."""
    window = known.between(as_of - range_days * DAY, as_of)
    daily, weekly, monthly = (known.between(as_of - days * DAY, as_of).revenue for days in (1, 7, 30))
    return DashboardFigures(
        revenue=RevenueFigures(daily=daily, weekly=weekly, monthly=monthly),
        orders=OrderFigures(
            total=window.orders,
            refunded=window.refunds,
            pending=known.pending(as_of),
        ),
        downloads=DownloadFigures(total=window.downloads, failure_rate=window.failure_rate),
        community=community,
    )


async def community_at(
    connection: Connection, instants: Sequence[datetime], oldest: Sequence[datetime]
) -> dict[SourceName, list[int | None]]:
    """The latest value of each community figure at each instant, ``None`` unless observed after its ``oldest``."""
    values = {"points": array(instants), "oldest": array(oldest)}
    rows = await (await connection.execute(queries.community_latest, values, prepare=True)).fetchall()
    return {SourceName.DISCORD: [row[0] for row in rows], SourceName.SHOWCASES: [row[1] for row in rows]}


async def figures_at(
    connection: Connection, as_of: datetime, range_days: int, *, seen_at: datetime | None = None
) -> DashboardFigures:
    """Every figure for the window of ``range_days`` (any number from 1) that ends at ``as_of``; see ``totals``."""
    since = as_of - range_days * DAY
    known = await totals(
        connection,
        revenue_boundaries(as_of) | {since},
        pending_at=[as_of],
        range_days=range_days,
        downloads_at=[as_of, since],
        step="day",
        between=(since, as_of),
        seen_at=seen_at,
    )
    found = await community_at(connection, [as_of], [as_of - FAR_PAST])
    community = CommunityFigures(discord_members=found[SourceName.DISCORD][0], showcases=found[SourceName.SHOWCASES][0])
    return assemble(known, as_of, range_days, community)


def value_of(figures: DashboardFigures, name: FigureName) -> float | None:
    """The figure called ``name``, in its own unit; ``None`` when it is unknown."""
    area, _, leaf = name.partition(".")
    part = getattr(figures, area)
    fields = type(part).model_fields
    field = next(key for key, info in fields.items() if leaf in {key, info.alias})
    value: float | None = getattr(part, field)
    return None if value is None else float(value)


async def sources_at(connection: Connection, as_of: datetime, settings: Settings) -> dict[SourceName, SourceStatus]:
    """How far each source reaches at ``as_of``, and whether it is late."""
    row = await (await connection.execute(queries.sources, {"as_of": as_of}, prepare=True)).fetchone()
    status: dict[SourceName, SourceStatus] = {}
    for source, through in zip_longest(SourceName, row or ()):
        cadence = settings.cadence(source)
        late = through is None or as_of - through > timedelta(seconds=cadence)
        status[source] = SourceStatus(data_through=through, expected_within_seconds=cadence, late=late)
    return status
