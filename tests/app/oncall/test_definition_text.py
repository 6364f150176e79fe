"""Windows, turns, people and dates as they are typed."""

from __future__ import annotations

from datetime import date, time
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.oncall.definition_text import (
    TypedWrong,
    dates_of,
    dates_text,
    people_of,
    seats_of,
    seats_text,
    window_words,
    windows_of,
    windows_text,
)
from models.oncall.schedules import Weekday, Window

WEEK = tuple(Weekday)
NAMES = (("tomas", "Tomas Keller"), ("mei", "Mei Tanaka"), ("a1", "Sam Hill"), ("a2", "Sam Hill"))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Mon–Fri 09:00 to 17:00", "Mon–Fri 09:00 to 17:00"),
        ("mon-fri 9:00-17:00", "Mon–Fri 09:00 to 17:00"),
        ("Every day 18:00 to 06:00", "Every day 18:00 to 06:00"),
        ("08:00 - 20:00", "Every day 08:00 to 20:00"),
        ("sat, sun 00:00 to 24:00", "Sat, Sun 00:00 to 24:00"),
        ("Fri 18:00 to Mon 08:00", "Fri 18:00 to Mon 08:00"),
        ("Monday Wednesday Friday 10.30 to 11.45", "Mon, Wed, Fri 10:30 to 11:45"),
        ("Sun-Tue 10:00 to 12:00", "Mon, Tue, Sun 10:00 to 12:00"),
    ],
)
def test_windows_are_read_as_people_write_them(typed: str, read: str) -> None:
    (window,) = windows_of(typed)
    assert window_words(window) == read


def test_a_weekend_is_one_window_with_three_days_between() -> None:
    (window,) = windows_of("Fri 18:00 to Mon 08:00")
    assert window == Window(weekdays=(Weekday.FRIDAY,), start=time(18), end=time(8), days=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is slow at its first draw
@given(
    days=st.sets(st.sampled_from(WEEK), min_size=1),
    start=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    end=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
)
def test_what_is_shown_reads_back_as_it_was(days: set[Weekday], start: time, end: time) -> None:
    window = Window(weekdays=tuple(day for day in WEEK if day in days), start=start, end=end)
    assert windows_of(windows_text([window])) == (window,)


def test_what_is_shown_of_windows_over_days_reads_back_too() -> None:
    for day, between in product(WEEK, range(1, 7)):
        window = Window(weekdays=(day,), start=time(18), end=time(8), days=between)
        assert windows_of(windows_text([window])) == (window,)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("office hours", "is no window"),
        ("Mon–Fri 09:00", "is no window"),
        ("Mun 09:00 to 17:00", "is no day of the week"),
        ("Mon, Tue 18:00 to Wed 08:00", "begins on one day only"),
        ("Mon 18:00 to Mon 08:00", "ends before it begins"),
        ("Mon 24:00 to 08:00", "begins at 00:00"),
        ("Mon 09:00 to 24:30", "ends at 24:00"),
    ],
)
def test_what_is_no_window_says_how_one_reads(typed: str, words: str) -> None:
    with pytest.raises(TypedWrong, match=words):
        windows_of(typed)


def test_people_are_known_by_name_or_id() -> None:
    assert people_of("Tomas Keller, MEI, tomas", NAMES) == ("tomas", "mei")
    assert people_of("somebody else", NAMES) == ("somebody else",)  # the server knows, or refuses
    with pytest.raises(TypedWrong, match="write a1 or a2"):
        people_of("Sam Hill", NAMES)


def test_turns_are_lines_and_nobodys_turn_is_a_dash() -> None:
    seats = seats_of("Tomas Keller\nMei Tanaka, tomas\n-", NAMES)
    assert seats == (("tomas",), ("mei", "tomas"), ())
    assert seats_text(seats, NAMES) == "Tomas Keller\nMei Tanaka, Tomas Keller\n-"
    with pytest.raises(TypedWrong, match="one turn a line"):
        seats_of(" \n ")


def test_dates_are_sorted_and_each_is_there_once() -> None:
    dates = dates_of("2026-12-26, 2026-12-25\n2026-12-25")
    assert dates == (date(2026, 12, 25), date(2026, 12, 26))
    assert dates_text(dates) == "2026-12-25\n2026-12-26"
    with pytest.raises(TypedWrong, match=r"25\.12\.2026"):
        dates_of("25.12.2026")
