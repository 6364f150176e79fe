"""Days of a zone: 23, 24 and 25 hours, and midnights that do not exist."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from app.oncall.zones import city, days_of, instant_of, offset_words

BERLIN, NEW_YORK, BEIRUT = "Europe/Berlin", "America/New_York", "Asia/Beirut"


@pytest.mark.parametrize(
    ("zone", "monday", "hours"),
    [
        (BERLIN, date(2026, 3, 23), [24, 24, 24, 24, 24, 24, 23]),
        (BERLIN, date(2026, 10, 19), [24, 24, 24, 24, 24, 24, 25]),
        (NEW_YORK, date(2026, 3, 2), [24, 24, 24, 24, 24, 24, 23]),
        ("Australia/Lord_Howe", date(2026, 3, 30), [24, 24, 24, 24, 24, 24, 24.5]),
        ("UTC", date(2026, 3, 23), [24] * 7),
    ],
)
def test_a_day_is_as_long_as_its_zone_says(zone: str, monday: date, hours: list[float]) -> None:
    days = days_of(zone, monday, 7)
    assert [day.hours for day in days] == hours
    assert all(one.end == next_.start for one, next_ in pairwise(days))


def test_a_midnight_that_does_not_exist_is_the_instant_of_the_change() -> None:
    # Clocks in Beirut go from 00:00 to 01:00: the day begins at 01:00 and has 23 hours.
    (day,) = days_of(BEIRUT, date(2026, 3, 29), 1)
    assert day.start == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert day.hours == 23


def test_local_times_are_the_first_instant_the_wall_clock_has_reached_them() -> None:
    assert instant_of(NEW_YORK, datetime.fromisoformat("2026-03-08T02:30")) == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert instant_of(NEW_YORK, datetime.fromisoformat("2026-03-08T03:00")) == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert instant_of(NEW_YORK, datetime.fromisoformat("2026-11-01T01:30")) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_zones_are_called_in_short() -> None:
    at = datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert [city(zone) for zone in ("UTC", BERLIN, NEW_YORK)] == ["UTC", "Berlin", "New York"]
    assert offset_words("America/Vancouver", at) == "Vancouver \N{MINUS SIGN}8"
    assert offset_words("Asia/Kolkata", at) == "Kolkata +5:30"
    assert offset_words("No/Such_Zone", at) == "Such Zone +0"
