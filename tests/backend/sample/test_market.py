"""The sample shop's trade is a pure function: the same rows whichever way a stretch of time is cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.sample_shop import sample_resource
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
    assert other.burst(OPENED) == MARKET.burst(OPENED)


def test_a_week_looks_like_a_shop() -> None:
    week = timedelta(days=7)
    orders = [o for o in MARKET.orders_between(OPENED - week, OPENED) if o.placed_at > OPENED - week]
    downloads = list(MARKET.downloads_between(OPENED - week, OPENED))
    assert 4_400 < len(orders) < 5_700
    assert 26_000 < len(downloads) < 38_000
    assert 0.003 < sum(d.failure is not None for d in downloads) / len(downloads) < 0.009
    assert 20 < sum(o.settled_at > OPENED for o in orders) < 100
    assert 70 < sum(1 for _ in MARKET.refunds_between(OPENED - week, OPENED)) < 150
    assert len({o.currency for o in orders}) == 8
    day = list(MARKET.downloads_between(OPENED - timedelta(days=1), OPENED))
    burst = MARKET.burst(OPENED)
    failing = sum(d.failure is not None for d in day)
    assert failing / len(day) < 0.012
    assert (failing + len(burst)) / (len(day) + len(burst)) > 0.025
    assert all(d.healed_at and d.healed_at > d.downloaded_at for d in burst)


def test_rates_are_decimal_text_near_their_usual_value() -> None:
    day = OPENED.date()
    assert MARKET.rate("EUR", "EUR", day) == "1"
    assert 1.1 < float(MARKET.rate("GBP", "EUR", day)) < 1.25
    assert MARKET.rate("GBP", "EUR", day) != MARKET.rate("GBP", "EUR", day - timedelta(days=1))
