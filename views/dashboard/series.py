"""The charts' data out of a dashboard answer. Money becomes whole currency units, ratios percent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.core.money import decimals
from models.figures import FigureName
from views.kit.charts.data import ChartData, Limit

if TYPE_CHECKING:
    from models.dashboard import OperationsDashboard


def _times(dashboard: OperationsDashboard) -> tuple[tuple[float, ...], tuple[float, ...]]:
    series = dashboard.series
    return tuple(t.timestamp() for t in series.starts), tuple(t.timestamp() for t in series.ends)


def _scaled(values: Sequence[float | None], factor: float) -> tuple[float | None, ...]:
    return tuple(None if v is None else v * factor for v in values)


FEW = 30
"""Attempts below which the rate of a step that is still filling says nothing yet."""


def _filling(dashboard: OperationsDashboard) -> bool:
    """Whether the last step is cut at now: its sums are not comparable with the whole ones before."""
    series = dashboard.series
    step = 3600 if series.step == "hour" else 86_400
    return len(series.ends) > 1 and (series.ends[-1] - series.starts[-1]).total_seconds() < step


def _newest(dashboard: OperationsDashboard) -> int:
    return -2 if _filling(dashboard) else -1


def _last(dashboard: OperationsDashboard) -> str:
    return f"last {dashboard.series.step}"


def revenue(dashboard: OperationsDashboard) -> ChartData:
    """Orders minus refunds. The rules limit windows of a day or more, so no limit is drawn at single buckets."""
    starts, ends = _times(dashboard)
    factor = 10.0 ** -decimals(dashboard.currency)
    values = _scaled(dashboard.series.revenue, factor)
    before = _scaled(dashboard.series.previous.revenue, factor)
    return ChartData(
        starts=starts,
        ends=ends,
        values=values,
        newest=_newest(dashboard),
        filled=True,
        previous=before,
        previous_name=f"previous {dashboard.range} d",
        unit=f"{dashboard.currency}/{dashboard.series.step[0]}",
        name=_last(dashboard),
    )


def orders(dashboard: OperationsDashboard) -> ChartData:
    """Orders above zero, refunds below."""
    starts, ends = _times(dashboard)
    return ChartData(
        starts=starts,
        ends=ends,
        values=tuple(dashboard.series.orders),
        below=tuple(dashboard.series.refunds),
        below_name="refunds",
        bars=True,
        newest=_newest(dashboard),
        unit=f"per {dashboard.series.step[0]}",
        name="orders",
    )


def failure_rate(dashboard: OperationsDashboard) -> ChartData:
    """Failed downloads in percent, with the strictest limit."""
    starts, ends = _times(dashboard)
    threshold = dashboard.thresholds.get(FigureName.DOWNLOADS_FAILURE_RATE)
    limit = None
    if threshold is not None:
        value = float(threshold.value) * 100
        above = threshold.comparison == "above"
        limit = Limit(value, "above", f"max {value:.2f}") if above else Limit(value, "below", f"min {value:.2f}")
    values = _scaled(dashboard.series.failure_rate, 100)
    unripe = _filling(dashboard) and dashboard.series.downloads[-1] < FEW
    return ChartData(
        starts=starts,
        ends=ends,
        values=(*values[:-1], None) if unripe else values,
        newest=_newest(dashboard),
        previous=_scaled(dashboard.series.previous.failure_rate, 100),
        previous_name=f"previous {dashboard.range} d",
        unit="%",
        rate=True,
        name=_last(dashboard),
        decimals=2,
        limit=limit,
    )


def members(dashboard: OperationsDashboard) -> ChartData:
    """Discord members at the end of each bucket."""
    starts, ends = _times(dashboard)
    return ChartData(
        starts=starts,
        ends=ends,
        values=tuple(dashboard.series.discord_members),
        unit="people",
        floating=True,
        name="members",
    )
