"""The sample shop's trade is a pure function: the same rows whichever way a stretch of time is cut."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.sample_shop import sample_resource
from backend.runtime.sample_shop import FAULT_BEGAN
from backend.sample.market import HOUR, Market

OPENED = datetime(2026, 11, 24, 14, 2, 37, tzinfo=UTC)
MARKET = Market(sample_resource("catalogue"), OPENED)


@settings(max_examples=30, deadline=None)
@given(start=st.integers(-4000, 200), minutes=st.integers(1, 600), cut=st.floats(0, 1, allow_nan=False))
def test_a_stretch_is_the_sum_of_its_parts(start: int, minutes: int, cut: float) -> None:
    since = OPENED + start * HOUR
    until = since + timedelta(minutes=minutes)
    middle = since + (until - since) * cut
    for between in (MARKET.downloads_between, MARKET.refunds_between, MARKET.community_between):
        whole = sorted(row.id for row in between(since, until))
        parts = sorted(row.id for a, b in ((since, middle), (middle, until)) for row in between(a, b))
        assert whole == parts
    placed = sorted(o.id for o in MARKET.orders_between(since, until) if o.placed_at > since)
    halves = [
        o.id for a, b in ((since, middle), (middle, until)) for o in MARKET.orders_between(a, b) if o.placed_at > a
    ]
    assert placed == sorted(halves)


def test_every_pending_order_is_told_again_when_it_settles() -> None:
    since, until = OPENED - 12 * HOUR, OPENED
    known: dict[str, bool] = {}
    at = since
    while at < until:
        step = at + timedelta(minutes=7)
        for order in MARKET.orders_between(at, step):
            known[order.id] = order.settled_at <= step
        at = step
    for order in MARKET.orders_between(since, at):
        if order.placed_at > since:
            assert known[order.id] == (order.settled_at <= at)


def test_another_market_of_the_same_opening_trades_the_same() -> None:
    other = Market(sample_resource("catalogue"), OPENED)
    since = OPENED - 3 * HOUR
    assert list(other.orders_between(since, OPENED)) == list(MARKET.orders_between(since, OPENED))
    assert list(other.downloads_between(since, OPENED)) == list(MARKET.downloads_between(since, OPENED))
    assert other.fault(OPENED) == MARKET.fault(OPENED)


def test_a_week_looks_like_a_shop() -> None:
    week = timedelta(days=7)
    orders = [o for o in MARKET.orders_between(OPENED - week, OPENED) if o.placed_at > OPENED - week]
    downloads = list(MARKET.downloads_between(OPENED - week, OPENED))
    assert 4_400 < len(orders) < 5_700
    assert 24_000 < len(downloads) < 32_000
    assert 0.002 < sum(d.failure is not None for d in downloads) / len(downloads) < 0.009
    assert 20 < sum(o.settled_at > OPENED for o in orders) < 100
    assert 70 < sum(1 for _ in MARKET.refunds_between(OPENED - week, OPENED)) < 150
    assert len({o.currency for o in orders}) == 8


OPENINGS = [OPENED + timedelta(hours=hours, minutes=minutes) for hours, minutes in ((0, 0), (5, 52), (11, 4), (17, 31))]


@pytest.mark.parametrize("opened", OPENINGS, ids=lambda at: f"{at:%H:%M}")
def test_the_evening_is_the_same_whatever_the_hour_it_is_opened_at(opened: datetime) -> None:
    market = Market(sample_resource("catalogue"), opened)
    began = opened - FAULT_BEGAN
    fault = [row for row in market.fault(began) if row.downloaded_at <= opened]
    day = list(market.downloads_between(opened - timedelta(days=1), opened))

    def share(since: datetime, until: datetime) -> float:
        rows = [row for row in (*day, *fault) if since < row.downloaded_at <= until]
        return sum(row.failure is not None for row in rows) / len(rows)

    assert 0.02 < share(opened - timedelta(days=1), opened) < 0.03
    assert share(opened - timedelta(days=1), opened - timedelta(minutes=50)) < 0.02, "its alert is not an hour old"
    assert share(opened - timedelta(days=1), began) < 0.006, "nothing before it"
    assert 0.09 < share(opened - timedelta(minutes=60), opened - timedelta(minutes=20)) < 0.22
    assert share(opened - timedelta(minutes=15), opened) < 0.1, "traffic has been moved"
    assert not [row for row in market.fault(began) if row.downloaded_at > opened + timedelta(hours=1)]
    for hours in range(3, 24):
        assert share(opened - timedelta(hours=hours + 1), opened - timedelta(hours=hours)) < 0.025, "a quiet rest"
    orders = [o for o in market.orders_between(opened - timedelta(days=7), opened) if o.placed_at <= opened]
    hourly = Counter((opened - o.placed_at) // HOUR for o in orders if o.placed_at > opened - timedelta(days=7))
    assert sum(hourly[n] for n in (0, 1)) < 1.3 * max(hourly[n] + hourly[n + 1] for n in range(4, 160))


def test_the_queue_grew_for_a_reason() -> None:
    """Most that looks stolen came in the last two hours, card upon card; of the day before only a few."""
    orders = [o for o in MARKET.orders_between(OPENED - timedelta(days=1), OPENED) if o.placed_at > OPENED - 24 * HOUR]
    new = timedelta(hours=2)
    young = [
        order
        for order in orders
        if order.placed_at - datetime.fromisoformat(MARKET.checkout(order)["customer"]["createdAt"]) < new
    ]
    late = [order for order in young if order.placed_at > OPENED - 2 * HOUR]
    assert len(late) > 30
    assert len(late) > len(young) / 2
    assert len({MARKET.checkout(order)["payment"]["cardFingerprint"] for order in late}) > 5


def test_rates_are_decimal_text_near_their_usual_value() -> None:
    day = OPENED.date()
    assert MARKET.rate("EUR", "EUR", day) == "1"
    assert 1.1 < float(MARKET.rate("GBP", "EUR", day)) < 1.25
    assert MARKET.rate("GBP", "EUR", day) != MARKET.rate("GBP", "EUR", day - timedelta(days=1))
