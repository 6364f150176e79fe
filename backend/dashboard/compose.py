"""The whole dashboard answer: figures, the range before, series, limits, states, sources, problems, links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from backend.alerts import for_dashboard, open_conditions, open_conditions_then, rules_at, rules_now, thresholds
from backend.core.database import Connection
from backend.core.settings import Settings
from backend.dashboard import queries
from backend.figures import (
    DAY,
    FAR_PAST,
    Bucket,
    Sums,
    Totals,
    assemble,
    buckets,
    community_at,
    revenue_boundaries,
    sources_at,
    step_of,
    totals,
)
from backend.shop import reporting_currency
from models.alerts import AlertState
from models.core.wording import counted
from models.dashboard import (
    CommunityFigures,
    DashboardFigures,
    DashboardRange,
    DashboardSeries,
    DataProblem,
    FigureState,
    OperationsDashboard,
    PreviousSeries,
    SourceStatus,
)
from models.figures import FIGURES, FigureName, SourceName

PROBLEMS_NAMED = 20


async def compose(
    connection: Connection, settings: Settings, as_of: datetime, range_days: DashboardRange, *, past: bool = False
) -> OperationsDashboard:
    """The dashboard at ``as_of``.

    Of a ``past`` instant the limits and alerts are those of then, and orders and downloads are in the state they had.
    Rows that came late and corrected amounts are in the figures, and whether one was over its limit follows from that.
    """
    length = range_days * DAY
    before = as_of - length
    now_buckets, old_buckets = buckets(as_of, range_days), buckets(before, range_days)
    edges = {b.start for b in (*now_buckets, *old_buckets) if not b.whole(step_of(range_days)[1])}
    edges |= {b.end for b in (*now_buckets, *old_buckets) if not b.whole(step_of(range_days)[1])}
    corners = {as_of, before, before - length}
    known = await totals(
        connection,
        corners | edges | revenue_boundaries(as_of) | revenue_boundaries(before),
        pending_at=[as_of, before],
        range_days=range_days,
        downloads_at=sorted(corners | edges),
        step=step_of(range_days)[0],
        between=(before - length, as_of),
        seen_at=as_of if past else None,
    )
    sources = await sources_at(connection, as_of, settings)
    latest, latest_before, series_community = await _community(connection, settings, as_of, before, now_buckets)
    figures = assemble(known, as_of, range_days, latest)
    if past:
        rules = await rules_at(connection, as_of)
        broken = await open_conditions_then(connection, rules, as_of, range_days, figures, sources)
    else:
        rules = await rules_now(connection)
        broken = await open_conditions(connection, as_of, range_days)
    alerts, alert_count = await for_dashboard(connection, as_of)
    return OperationsDashboard(
        **dict(figures),
        as_of=as_of,
        range=range_days,
        currency=await reporting_currency(connection, settings.currency),
        alerts=alerts,
        alert_count=alert_count,
        previous=assemble(known, before, range_days, latest_before),
        series=_series(known, now_buckets, old_buckets, range_days, series_community),
        thresholds=thresholds(rules, range_days),
        states=_states(figures, known, as_of, sources, broken),
        links=_links(as_of, range_days),
        data_through=sources,
        data_problems=await _problems(connection, as_of, min(before, as_of - 30 * DAY)),
    )


async def _community(
    connection: Connection, settings: Settings, as_of: datetime, before: datetime, now_buckets: Sequence[Bucket]
) -> tuple[CommunityFigures, CommunityFigures, dict[SourceName, list[int | None]]]:
    # A bucket shows the latest value at its end, unless the source had been silent for twice its cadence (or the
    # bucket's own length): then it is a gap.
    ends = [bucket.end for bucket in now_buckets]
    step = ends[-1] - ends[0] if len(ends) < 2 else ends[1] - ends[0]
    silence = max(step, timedelta(seconds=2 * max(settings.discord_cadence, settings.showcases_cadence)))
    found = await community_at(
        connection,
        [as_of, before, *ends],
        [as_of - FAR_PAST, before - FAR_PAST, *(end - silence for end in ends)],
    )
    discord, showcases = found[SourceName.DISCORD], found[SourceName.SHOWCASES]
    return (
        CommunityFigures(discord_members=discord[0], showcases=showcases[0]),
        CommunityFigures(discord_members=discord[1], showcases=showcases[1]),
        {SourceName.DISCORD: discord[2:], SourceName.SHOWCASES: showcases[2:]},
    )


def _sums(known: Totals, found: Sequence[Bucket], range_days: int) -> list[Sums]:
    step = step_of(range_days)[1]
    return [
        known.buckets.get(bucket.label, Sums()) if bucket.whole(step) else known.between(bucket.start, bucket.end)
        for bucket in found
    ]


def _series(
    known: Totals,
    now_buckets: Sequence[Bucket],
    old_buckets: Sequence[Bucket],
    range_days: int,
    community: dict[SourceName, list[int | None]],
) -> DashboardSeries:
    now, old = _sums(known, now_buckets, range_days), _sums(known, old_buckets, range_days)
    # Constructed, not validated: a thousand numbers that were just added up here need no second look.
    return DashboardSeries.model_construct(
        step=step_of(range_days)[0],
        starts=tuple(bucket.start for bucket in now_buckets),
        ends=tuple(bucket.end for bucket in now_buckets),
        revenue=tuple(sums.revenue for sums in now),
        orders=tuple(sums.orders for sums in now),
        refunds=tuple(sums.refunds for sums in now),
        refunded_amount=tuple(
            None if sums.refunds and sums.refunds == sums.refunds_unconverted else sums.refunds_minor for sums in now
        ),
        downloads=tuple(sums.downloads for sums in now),
        failed_downloads=tuple(sums.failed for sums in now),
        failure_rate=tuple(sums.failure_rate for sums in now),
        discord_members=tuple(community[SourceName.DISCORD]),
        showcases=tuple(community[SourceName.SHOWCASES]),
        previous=PreviousSeries.model_construct(
            revenue=tuple(sums.revenue for sums in old),
            orders=tuple(sums.orders for sums in old),
            refunds=tuple(sums.refunds for sums in old),
            failure_rate=tuple(sums.failure_rate for sums in old),
        ),
    )


_REVENUE = {FigureName.REVENUE_DAILY: 1, FigureName.REVENUE_WEEKLY: 7, FigureName.REVENUE_MONTHLY: 30}


def _states(
    figures: DashboardFigures,
    known: Totals,
    as_of: datetime,
    sources: dict[SourceName, SourceStatus],
    broken: dict[FigureName, AlertState],
) -> dict[FigureName, FigureState]:
    missing = {
        FigureName.REVENUE_DAILY: figures.revenue.daily is None,
        FigureName.REVENUE_WEEKLY: figures.revenue.weekly is None,
        FigureName.REVENUE_MONTHLY: figures.revenue.monthly is None,
        FigureName.DOWNLOADS_FAILURE_RATE: figures.downloads.failure_rate is None,
        FigureName.COMMUNITY_DISCORD_MEMBERS: figures.community.discord_members is None,
        FigureName.COMMUNITY_SHOWCASES: figures.community.showcases is None,
    }
    states = {}
    for name, kind in FIGURES.items():
        days = _REVENUE.get(name)
        # Refunds may truly never have happened while orders come in; any other source never heard is unknown.
        source = SourceName.ORDERS if kind.source is SourceName.REFUNDS else kind.source
        if missing.get(name) or sources[source].data_through is None:
            states[name] = FigureState.NO_DATA
        elif name in broken:
            active = broken[name] is AlertState.ACTIVE
            states[name] = FigureState.BREACHED if active else FigureState.ACKNOWLEDGED
        elif days is not None and known.between(as_of - days * DAY, as_of).unconverted:
            states[name] = FigureState.INCOMPLETE
        else:
            states[name] = FigureState.NORMAL
    return states


def _links(as_of: datetime, range_days: int) -> dict[FigureName, tuple[str, ...]]:
    def address(what: str, days: int, more: str = "") -> str:
        start, end = ((as_of - days * DAY).isoformat(), as_of.isoformat())
        return f"/api/operations/{what}?from={quote(start)}&to={quote(end)}&asOf={quote(end)}{more}"

    links = {name: (address("orders", days), address("refunds", days)) for name, days in _REVENUE.items()}
    downloads = (address("downloads", range_days),)
    return links | {
        FigureName.ORDERS_TOTAL: (address("orders", range_days),),
        FigureName.ORDERS_REFUNDED: (address("refunds", range_days),),
        FigureName.ORDERS_PENDING: (address("orders", range_days, "&status=pending"),),
        FigureName.DOWNLOADS_TOTAL: downloads,
        FigureName.DOWNLOADS_FAILURE_RATE: (address("downloads", range_days, "&status=failed"), *downloads),
        FigureName.COMMUNITY_DISCORD_MEMBERS: (address("community", range_days, "&metric=discord"),),
        FigureName.COMMUNITY_SHOWCASES: (address("community", range_days, "&metric=showcases"),),
    }


_MONEY = tuple(_REVENUE)


async def _problems(connection: Connection, as_of: datetime, since: datetime) -> tuple[DataProblem, ...]:
    cursor = await connection.execute(queries.problems, {"as_of": as_of, "since": since}, prepare=True)
    found = []
    for what, name, day, count in (await cursor.fetchall())[:PROBLEMS_NAMED]:
        if what == "quarantine":
            rows = counted(count, f"row of {name} could", f"rows of {name} could")
            detail = f"{rows} not be read in the last 24 h: kept in quarantine."
            found.append(DataProblem(code="quarantine", figures=(), count=count, detail=detail))
        else:
            noun = what if count != 1 else what.removesuffix("s")
            detail = f"{count} {noun} in {name} of {day} without a rate: not in the revenue."
            found.append(DataProblem(code="rate-missing", figures=_MONEY, count=count, detail=detail))
    return tuple(found)
