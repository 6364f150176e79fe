"""The operations dashboard. Specification: "Operations dashboard", ``GET /api/operations/dashboard``.

Windows are half-open: start exclusive, end inclusive, and end at ``as_of``. Money is in minor units of ``currency``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from models.alerts import AlertSummary, Comparison, Severity
from models.core.base import Count, CurrencyCode, Identifier, Instant, Minor, Number, Record
from models.figures import FigureName, SourceName

DashboardRange = Literal[7, 30, 90]
"""Days a dashboard looks back."""


class RevenueFigures(Record):
    """Orders placed minus refunds made in the 24 h, 7 x 24 h and 30 x 24 h that end at ``as_of``.

    ``None`` means that no amount in the window could be converted: unknown, not zero.
    """

    daily: Minor | None
    weekly: Minor | None
    monthly: Minor | None


class OrderFigures(Record):
    """Orders placed, refunds made, and orders placed but not settled by ``as_of``, over the range."""

    total: Count
    refunded: Count
    pending: Count


class DownloadFigures(Record):
    """Downloads over the range; ``failure_rate`` is failed / total between 0 and 1, ``None`` without downloads."""

    total: Count
    failure_rate: Number | None


class CommunityFigures(Record):
    """Latest values known at ``as_of``; ``None`` when never heard."""

    discord_members: Count | None
    showcases: Count | None


class DashboardFigures(Record):
    """One complete set of figures."""

    revenue: RevenueFigures
    orders: OrderFigures
    downloads: DownloadFigures
    community: CommunityFigures


class FigureState(StrEnum):
    """What an operator must know about a figure besides its value."""

    NORMAL = "normal"
    BREACHED = "breached"
    """Over its limit, alert not acknowledged."""
    ACKNOWLEDGED = "acknowledged"
    """Over its limit, alert acknowledged."""
    NO_DATA = "no_data"
    """Its source has never sent anything, or nothing in the window can be known."""
    INCOMPLETE = "incomplete"
    """Some amounts are missing from it; see ``data_problems``."""


class Threshold(Record):
    """The strictest enabled limit of a figure."""

    rule_id: Identifier
    comparison: Comparison
    value: Number
    """In the figure's own unit: minor units, a count, or a ratio between 0 and 1."""
    severity: Severity
    range_days: Count = 7
    """Days the rule looks back; a rate may be limited over another window than the dashboard's range."""
    for_seconds: Count = 0
    """So long the figure is beyond the limit before there is an alert."""


class SourceStatus(Record):
    """How far the data of one source reaches."""

    data_through: Instant | None
    """Instant of its newest record at or before ``as_of``; ``None`` when never heard."""
    expected_within_seconds: Count
    """Cadence the source promises."""
    late: bool
    """The newest record is older than the cadence allows."""


class DataProblem(Record):
    """Something that keeps figures from being complete, in words an operator can act on."""

    code: Literal["rate-missing", "quarantine"]
    figures: tuple[FigureName, ...]
    count: Count
    """Records concerned."""
    detail: str
    """For example: 3 orders in CHF have no rate for 2026-11-24; their amounts are not in the revenue."""


class PreviousSeries(Record):
    """The same series one range earlier, point by point."""

    revenue: tuple[Minor | None, ...]
    orders: tuple[Count, ...]
    refunds: tuple[Count, ...]
    failure_rate: tuple[Number | None, ...]


class DashboardSeries(Record):
    """Buckets that together cover the range exactly; their sums are the figures.

    ``ends[i]`` is the inclusive end of bucket ``i``, ``starts[i]`` its exclusive start. Steps are whole UTC hours
    (7 days) or days (30, 90); the first and the last bucket are cut at the range and may be partial. A bucket in which
    a source was silent for longer than it promises is ``None`` where absence cannot be told from zero (rates and
    community), never an invented value.
    """

    step: Literal["hour", "day"]
    starts: tuple[Instant, ...]
    ends: tuple[Instant, ...]
    revenue: tuple[Minor | None, ...]
    """Orders minus refunds."""
    orders: tuple[Count, ...]
    refunds: tuple[Count, ...]
    refunded_amount: tuple[Minor | None, ...]
    downloads: tuple[Count, ...]
    failed_downloads: tuple[Count, ...]
    failure_rate: tuple[Number | None, ...]
    discord_members: tuple[Count | None, ...]
    """Latest value at the end of the bucket."""
    showcases: tuple[Count | None, ...]
    previous: PreviousSeries


class Degraded(Record):
    """Present when the database could not be asked and an earlier answer is repeated (``as_of`` tells how old)."""

    since: Instant
    reason: str


class OperationsDashboard(DashboardFigures):
    """OperationsDashboardDTO of the specification, with what an operator needs beside it."""

    as_of: Instant
    range: DashboardRange
    currency: CurrencyCode
    alerts: tuple[AlertSummary, ...]
    """Active and unacknowledged ones, most severe first; at most 200, see ``alert_count``."""
    alert_count: Count
    previous: DashboardFigures
    """The same figures one range earlier."""
    series: DashboardSeries
    thresholds: dict[FigureName, Threshold]
    states: dict[FigureName, FigureState]
    links: dict[FigureName, tuple[str, ...]]
    """Addresses of the lists whose rows sum to the figure."""
    data_through: dict[SourceName, SourceStatus]
    data_problems: tuple[DataProblem, ...] = ()
    degraded: Degraded | None = None
