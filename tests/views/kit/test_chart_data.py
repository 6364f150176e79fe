import pytest

from views.kit.charts.data import (
    ChartData,
    Limit,
    apart,
    breaches,
    describe,
    interval_words,
    nice_ticks,
    thinned,
    time_ticks,
)

MAX = Limit(2.0, "above", "max 2.00")


def test_gaps_are_said_and_never_zero() -> None:
    data = ChartData((0, 60, 120), (60, 120, 180), (1.0, None, 3.0), "%", name="Rate", limit=MAX, decimals=2)
    words = describe(data)
    assert "1 of 3 points has no data" in words
    assert "lowest 1.00, highest 3.00" in words
    assert "broken at 1 point" in words
    assert data.words(None) == data.named(None, "EUR/h") == "no data"


def test_one_is_named_as_one() -> None:
    data = ChartData((0, 60), (60, 120), (1.0, 2.0), "per h", name="orders", below=(1.0, 0.0), below_name="refunds")
    assert [data.named(n, "refunds") for n in (0, 1, 2)] == ["0 refunds", "1 refund", "2 refunds"]
    assert data.named(1.0, "EUR/h") == "1 EUR/h"


def test_a_chart_without_data_says_so() -> None:
    assert describe(ChartData((0,), (60,), (None,), "%", name="Rate")) == "Rate: no data in this range"


def test_series_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 buckets"):
        ChartData((0, 60), (60, 120), (1.0,), "%")


def test_buckets_include_their_end_and_not_their_start() -> None:
    data = ChartData((0, 60), (60, 120), (1.0, 2.0), "%")
    assert [data.index_at(t) for t in (60, 60.1, 120, 999, -5)] == [0, 1, 1, 1, 0]


def test_breaches_are_cut_at_the_limit_and_at_gaps() -> None:
    found = breaches((0, 10, 20, 30, 40), (1.0, 3.0, None, 4.0, 0.0), MAX)
    assert found == (((5.0, 2.0), (10, 3.0)), ((30, 4.0), (35.0, 2.0)))


def test_a_limit_from_below_is_broken_below() -> None:
    assert breaches((0, 10), (4.0, 0.0), Limit(2.0, "below", "min 2")) == (((5.0, 2.0), (10, 0.0)),)


@pytest.mark.parametrize(("top", "ticks"), [(0, (0, 1)), (8, (0, 2, 4, 6, 8)), (2900, (0, 1000, 2000, 3000))])
def test_ticks_are_round(top: float, ticks: tuple[float, ...]) -> None:
    assert nice_ticks(top) == ticks


def test_a_week_has_midnights_and_noons_a_quarter_fewer() -> None:
    week = [label for _, label in time_ticks(0, 7 * 86_400)]
    assert week[:3] == ["Thu 01", "12:00", "Fri 02"]
    assert len(time_ticks(0, 90 * 86_400)) <= 9


def test_ticks_for_which_there_is_no_room_are_left_out_evenly() -> None:
    ticks = time_ticks(0, 7 * 86_400)
    assert len(thinned(ticks, 20)) == len(ticks)
    assert [words for _, words in thinned(ticks, 10)] == [words for _, words in ticks if words != "12:00"]
    assert len(thinned(ticks, 4)) == 4


def test_labels_never_lie_on_each_other_nor_leave_the_plot() -> None:
    assert apart([10, 11, 90], 20, 0, 100) == [10, 30, 90]
    assert apart([97, 98], 20, 0, 100) == [70, 90]


def test_a_point_of_a_curve_is_hit_from_both_sides_and_a_bar_where_it_stands() -> None:
    starts, ends = (0.0, 60.0, 120.0), (60.0, 120.0, 180.0)
    curve = ChartData(starts, ends, (1.0, 5.0, 1.0), "%")
    assert [curve.hit(at) for at in (70, 95, 119, 121, 149, 151, 190, -5)] == [0, 1, 1, 1, 1, 2, 2, 0]
    bars = ChartData(starts, ends, (1.0, 5.0, 1.0), "per h", bars=True)
    assert [bars.hit(at) for at in (70, 119, 121)] == [1, 1, 2]


def test_an_interval_is_said_as_people_say_it() -> None:
    noon = 1_795_521_600.0  # Tue 24 Nov 2026 12:00 UTC
    assert interval_words(noon, noon + 3_600) == "Tue 24 Nov 12:00–13:00 UTC"
    assert interval_words(noon + 39_600, noon + 43_200) == "Tue 24 Nov 23:00–24:00 UTC"
    assert interval_words(noon - 43_200, noon + 43_200) == "Tue 24 Nov UTC"
