from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from models.figures import FigureName
from views.dashboard import series
from views.kit.charts.data import ChartData, describe

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def answer() -> Any:
    return SimpleNamespace(
        currency="EUR",
        range=7,
        thresholds={FigureName.DOWNLOADS_FAILURE_RATE: SimpleNamespace(comparison="above", value=0.02)},
        series=SimpleNamespace(
            step="hour",
            starts=(NOON, NOON + timedelta(hours=1)),
            ends=(NOON + timedelta(hours=1), NOON + timedelta(hours=2)),
            revenue=(123_456, None),
            orders=(3, 0),
            refunds=(1, 0),
            failure_rate=(None, 0.079),
            discord_members=(None, 18_442),
            previous=SimpleNamespace(revenue=(100, 200), failure_rate=(0.01, None)),
        ),
    )


def test_unknown_stays_unknown_and_units_are_the_operators() -> None:
    assert series.revenue(answer()).values == (1234.56, None)
    rate = series.failure_rate(answer())
    assert rate.values == (None, 7.9)
    assert rate.limit is not None
    assert (rate.limit.value, rate.limit.label) == (2.0, "max 2.00")
    assert series.members(answer()).values == (None, 18_442)


def test_refunds_hang_below_the_orders() -> None:
    data = series.orders(answer())
    assert data.bars
    assert (data.values, data.below) == ((3, 0), (1, 0))


@pytest.mark.parametrize("read", [series.revenue, series.orders, series.failure_rate])
def test_the_step_that_still_fills_is_never_called_the_last_one(read: Callable[[Any], ChartData]) -> None:
    asked = answer()
    asked.series.starts = (NOON, NOON + timedelta(hours=1))
    asked.series.ends = (NOON + timedelta(hours=1), NOON + timedelta(hours=1, minutes=5))
    asked.series.downloads = (900, 80)  # enough for a rate that may be drawn
    asked.series.failure_rate = (0.207, 0.0)
    data = read(asked)
    assert data.values[data.newest] == {"orders": 3, "last hour": data.values[0]}[data.name]
    assert (data.so_far(0), data.so_far(1)) == ("", " since 13:00, 5 min")
    assert "until Tue 24 Nov 13:00 UTC" in describe(data)
    assert data.is_filling
    assert data.whole[-1] is None or data.rate, "a curve of sums does not fall off a cliff at every full hour"


def test_a_running_step_that_breaks_the_limit_is_named_beside_the_last_whole_one() -> None:
    asked = answer()
    asked.series.starts = (NOON, NOON + timedelta(hours=1))
    asked.series.ends = (NOON + timedelta(hours=1), NOON + timedelta(hours=1, minutes=5))
    asked.series.downloads, asked.series.failure_rate = (900, 80), (0.01, 0.207)
    data = series.failure_rate(asked)
    assert (data.values[data.newest], data.alarming) == (1.0, pytest.approx(20.7))


def test_whole_steps_are_not_said_to_be_filling() -> None:
    data = series.failure_rate(answer())
    assert data.newest == -1
    assert data.so_far(1) == ""
