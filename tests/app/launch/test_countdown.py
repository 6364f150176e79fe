"""The clock of a launch between two answers, and how readings are written and read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.launch.countdown import countdown, offset_words, parse_reading, reading_words, span_words
from models.launch.clock import ClockState, HoldPoint, LaunchClock

AS_OF = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
POINTS = (HoldPoint(key="fuel", title="Last look", reading=-5400, seconds=900),)


def clock(**more: Any) -> LaunchClock:
    """One that runs, and stops in ten minutes at T−1:30."""
    fields: dict[str, Any] = {
        "state": ClockState.RUNNING,
        "zero_at": AS_OF + timedelta(seconds=6_000),
        "reading": -6000.0,
        "since": AS_OF - timedelta(hours=1),
        "hold": None,
        "point": None,
        "planned_seconds": None,
        "resume_by": None,
        "reason": None,
        "exit_criteria": None,
        "next_point": "fuel",
        "next_hold_at": AS_OF + timedelta(seconds=600),
        "projected_zero_at": AS_OF + timedelta(seconds=6_900),
        "as_of": AS_OF,
    }
    return LaunchClock(**(fields | more))


def test_it_runs_between_answers_and_stops_at_its_point_though_nobody_is_heard() -> None:
    shown = countdown(clock(), POINTS, AS_OF + timedelta(seconds=599))
    assert (shown.state, shown.reading) == ("running", -5401.0)
    for late in (600, 900, 90_000):
        shown = countdown(clock(), POINTS, AS_OF + timedelta(seconds=late))
        assert (shown.state, shown.reading, shown.point) == ("planned-hold", -5400.0, "fuel")
        assert (shown.planned_seconds, shown.held_seconds, shown.hold) == (900, late - 600, None)


def test_one_that_stands_stands_and_says_for_how_long() -> None:
    held = clock(state=ClockState.HOLD, zero_at=None, reading=-300.0, hold=2, since=AS_OF, next_hold_at=None)
    shown = countdown(held, POINTS, AS_OF + timedelta(seconds=372))
    assert (shown.reading, shown.held_seconds, shown.hold, shown.holds) == (-300.0, 372.0, 2, True)


def test_without_a_server_time_it_is_as_it_was_told() -> None:
    assert countdown(clock(), POINTS, None).reading == -6000.0
    assert countdown(clock(), POINTS, AS_OF - timedelta(seconds=5)).reading == -6000.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5400, "T−01:30:00"), (-0.4, "T−00:00:01"), (0, "T+00:00:00"), (61.9, "T+00:01:01"), (-64_800, "T−18:00:00")],
)
def test_readings(seconds: float, words: str) -> None:
    assert reading_words(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-10_800, "T−3 h"),
        (-6_300, "T−1 h 45"),
        (-1_800, "T−30 m"),
        (-90, "T−1 m 30 s"),
        (259_200, "T+72 h"),
        (-5 * 86_400 - 7_200, "T−5 d 2 h"),
        (0, "T−0"),
    ],
)
def test_offsets(seconds: float, words: str) -> None:
    assert offset_words(seconds) == words
    if seconds and " d " not in words and "h 4" not in words and "m 3" not in words:
        assert parse_reading(words) == seconds


@pytest.mark.parametrize(
    ("typed", "seconds"), [("1:30:00", -5400), ("-30:00", -1800), ("T−30:00", -1800), ("90 m", -5400), ("+2h", 7200)]
)
def test_what_is_typed_lies_before_zero_unless_a_plus_says_otherwise(typed: str, seconds: float) -> None:
    assert parse_reading(typed) == seconds


@pytest.mark.parametrize("typed", ["", "soon", "1:75:00", "1:2:3:4", "h", "--"])
def test_what_is_no_reading_says_how_one_is_written(typed: str) -> None:
    with pytest.raises(ValueError, match="written as"):
        parse_reading(typed)


def test_spans() -> None:
    assert [span_words(seconds) for seconds in (372, 3_723, -4)] == ["06:12", "1:02:03", "00:00"]
