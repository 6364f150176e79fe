from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from models.figures import FigureName
from views.dashboard import series

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
