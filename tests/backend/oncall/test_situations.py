"""Situations with their answers: clock changes, turns that count, ranks, overrides, holidays, the past."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.oncall.resolver import (
    SECOND,
    Cover,
    Revision,
    Schedule,
    gaps,
    intervals,
    keep_turns,
    layers,
    standing_clock,
    who,
)
from models.oncall.schedules import HolidayRule, TurnCount, TurnUnit
from tests.backend.oncall.rosters import (
    AMSTERDAM,
    BERLIN,
    CHICAGO,
    KOLKATA,
    NEW_YORK,
    WORKDAYS,
    day,
    drawn,
    layer,
    local,
    override,
    schedule,
    utc,
    window,
)

HOUR = 3600 * SECOND
MINUTE = 60 * SECOND


def hours(found: Schedule, zone: str, start: str, end: str) -> list[tuple[str, float]]:
    spans = intervals(found, local(zone, start), local(zone, end))
    return [("".join(sorted(s.people)) or "–", (s.end - s.start) / HOUR) for s in spans]


def names(found: Schedule, zone: str, *moments: str) -> str:
    return " ".join("".join(sorted(who(found, local(zone, each)))) or "–" for each in moments)


def test_a_day_in_spring_has_23_hours() -> None:
    found = schedule(layer("ab", NEW_YORK, anchor="03-06 08:00"))
    assert hours(found, NEW_YORK, "03-07 08:00", "03-09 08:00") == [("b", 23), ("a", 24)]


def test_a_day_in_autumn_has_25_hours() -> None:
    found = schedule(layer("ab", NEW_YORK, anchor="10-30 08:00"))
    assert hours(found, NEW_YORK, "10-31 08:00", "11-02 08:00") == [("b", 25), ("a", 24)]


def test_24_hours_are_no_day() -> None:
    found = schedule(layer("ab", NEW_YORK, anchor="10-30 08:00", unit=TurnUnit.HOURS, every=24))
    spans = intervals(found, local(NEW_YORK, "10-31 08:00"), local(NEW_YORK, "11-02 08:00"))
    assert drawn(spans, NEW_YORK) == "b to 11-01 07:00, a to 11-02 07:00, b to 11-02 08:00"


def test_a_hand_over_at_a_time_that_is_skipped() -> None:
    found = schedule(layer("ab", NEW_YORK, anchor="03-06 02:30"))
    spans = intervals(found, local(NEW_YORK, "03-07 12:00"), local(NEW_YORK, "03-09 12:00"))
    assert drawn(spans, NEW_YORK) == "b to 03-08 03:00, a to 03-09 02:30, b to 03-09 12:00"


def test_clock_hours_over_both_changes() -> None:
    found = schedule(layer("abc", CHICAGO, anchor="03-08", unit=TurnUnit.CLOCK, every=3))
    assert hours(found, CHICAGO, "03-08", "03-08 06:00") == [("a", 2), ("b", 3)]
    assert hours(found, CHICAGO, "11-01", "11-01 06:00") == [("c", 4), ("a", 3)]


def test_a_week_with_a_clock_change() -> None:
    found = schedule(layer("ab", BERLIN, anchor="03-23 09:00", every=7))
    assert hours(found, BERLIN, "03-23 09:00", "04-06 09:00") == [("a", 167), ("b", 168)]


@pytest.mark.parametrize(
    ("counting", "expected"),
    [(TurnCount.CALENDAR, "a b c a b – b c"), (TurnCount.WORKED, "a b c a b – c a")],
)
def test_turns_on_weekdays(counting: TurnCount, expected: str) -> None:
    found = schedule(layer("abc", BERLIN, anchor="02-02 09:00", windows=(window(9, 17, WORKDAYS),), counting=counting))
    days = ("02-02", "02-03", "02-04", "02-05", "02-06", "02-07", "02-09", "02-10")
    assert names(found, BERLIN, *(f"{day} 10:00" for day in days)) == expected


def test_seven_people_on_weekdays_by_the_calendar_are_five() -> None:
    def taking_part(seats: str) -> set[str]:
        found = schedule(layer(seats, AMSTERDAM, anchor="02-01 09:00", windows=(window(9, 17, WORKDAYS),)))
        spans = intervals(found, local(AMSTERDAM, "02-01"), local(AMSTERDAM, "04-26"))
        return {person for span in spans for person in span.people}

    assert len(taking_part("abcdefgh")) == 8
    assert len(taking_part("abcdefg")) == 5


def test_a_weekend_above_the_week() -> None:
    found = schedule(
        layer("ab", BERLIN, anchor="01-05 08:00", every=7),
        layer("w", BERLIN, anchor="01-05", windows=(window(18, 8, {4}, days=3),), rank=2),
    )
    spans = intervals(found, local(BERLIN, "01-08"), local(BERLIN, "01-13"))
    assert drawn(spans, BERLIN) == "a to 01-09 18:00, w to 01-12 08:00, b to 01-13 00:00"


def test_ranks_and_overrides_together() -> None:
    daily = [
        layer("a", windows=(window(10, 15),)),
        layer("b", windows=(window(11, 13),)),
        layer("a", windows=(window(16, 19),)),
        layer("a", windows=(window(21, 22),)),
        layer("b", windows=(window(22, 24),)),
        layer("c", windows=(window(12, 14),), rank=2),
        layer("d", windows=(window(14, 15),), rank=2),
        layer("d", windows=(window(17, 18),), rank=2),
        layer("d", windows=(window(20, 23),), rank=2),
    ]
    t = utc("01-06")
    takeovers = (
        override(t + 22 * HOUR, t + 23 * HOUR, "e", at=1),
        override(t + 22 * HOUR, t + 22 * HOUR + HOUR // 2, "a", at=2),
    )
    spans = intervals(schedule(*daily, overrides=takeovers), t, t + 24 * HOUR)
    assert drawn(spans) == (
        "– to 01-06 10:00, a to 01-06 11:00, ab to 01-06 12:00, c to 01-06 14:00, d to 01-06 15:00, – to 01-06 16:00, "
        "a to 01-06 17:00, d to 01-06 18:00, a to 01-06 19:00, – to 01-06 20:00, d to 01-06 22:00, a to 01-06 22:30, "
        "e to 01-06 23:00, b to 01-07 00:00"
    )


def test_an_empty_seat_hides_nobody() -> None:
    found = schedule(layer("a"), layer(" ", windows=(window(8, 10),), rank=2))
    assert drawn(intervals(found, utc("01-06"), utc("01-07"))) == "a to 01-07 00:00"


MORNING = layer("a", windows=(window(8, 10),))
EIGHT = utc("01-06 08:00")


def morning(*overrides: object) -> str:
    spans = intervals(schedule(MORNING, overrides=overrides), EIGHT, EIGHT + 2 * HOUR)  # type: ignore[arg-type]
    return drawn(spans).replace("01-06 ", "")


def minutes(start: int, end: int) -> tuple[int, int]:
    return EIGHT + start * MINUTE, EIGHT + end * MINUTE


def test_one_override() -> None:
    assert morning(override(*minutes(30, 45), "b", "a")) == "a to 08:30, b to 08:45, a to 10:00"
    assert morning(override(*minutes(-30, 15), "b", None)) == "ab to 08:15, a to 10:00"
    assert morning(override(*minutes(30, 45), "", "a")) == "a to 08:30, – to 08:45, a to 10:00"


def test_an_override_of_somebody_who_is_not_on() -> None:
    assert morning(override(*minutes(0, 120), "c", "b")) == "a to 10:00"


def test_an_override_of_an_override() -> None:
    first = override(*minutes(0, 120), "b", "a", at=1)
    assert morning(first, override(*minutes(60, 90), "c", "b", at=2, key="p")) == "b to 09:00, c to 09:30, b to 10:00"
    assert morning(first, override(*minutes(60, 90), "c", "a", at=2, key="p")) == "b to 10:00"


def test_a_cancelled_override() -> None:
    nine_ten = EIGHT + 70 * MINUTE
    assert morning(override(*minutes(0, 120), "b", "a", at=1, cancelled=nine_ten)) == "b to 09:10, a to 10:00"


def test_what_was_known() -> None:
    found = schedule(MORNING, overrides=[override(*minutes(0, 120), "b", "a", at=EIGHT - 3 * HOUR)])
    nine = EIGHT + HOUR
    assert who(found, nine, known=EIGHT - 4 * HOUR) == {"a"}
    assert who(found, nine, known=EIGHT - 2 * HOUR) == {"b"}


def test_a_swap_is_two_overrides() -> None:
    weeks = layer("ab", every=7)
    swapped = (
        override(utc("01-06"), utc("01-07"), "b", "a", at=1, key="x"),
        override(utc("01-13"), utc("01-14"), "a", "b", at=1, key="y"),
    )
    noons = [f"01-{day:02} 12:00" for day in (5, 6, 7, 12, 13, 14)]
    assert names(schedule(weeks, overrides=swapped), "UTC", *noons) == "a b a b a b"


def test_two_seats_of_one_person() -> None:
    found = schedule(layer("a"), layer("b", windows=(window(8, 10),)), overrides=[override(*minutes(0, 60), "b", "a")])
    assert drawn(intervals(found, EIGHT, EIGHT + 2 * HOUR)) == "b to 01-06 09:00, ab to 01-06 10:00"


def test_another_revision_leaves_the_past_alone() -> None:
    found = Schedule(
        (
            Revision(1, 0, 0, (layer("ab"),)),
            Revision(2, utc("01-08 12:00"), utc("01-08 12:00"), (layer("cd"),)),
        )
    )
    assert names(found, "UTC", "01-06 10:00", "01-08 11:59", "01-08 12:00", "01-09 10:00") == "b b d c"


def test_whoever_is_on_stays_when_somebody_joins() -> None:
    before = layer("abc", every=7)
    joined = keep_turns(before, layer("abxc", every=7), utc("01-14"))
    found = Schedule((Revision(1, 0, 0, (before,)), Revision(2, utc("01-14"), utc("01-14"), (joined,))))
    noons = [f"{day} 12:00" for day in ("01-14", "01-19", "01-26", "02-02")]
    assert names(found, "UTC", *noons) == "b x c a"


def test_the_next_one_comes_on_when_whoever_was_on_leaves() -> None:
    before = layer("abc", every=7)
    left = keep_turns(before, layer("ac", every=7), utc("01-14"))
    assert names(schedule(left), "UTC", "01-14 12:00", "01-19 12:00") == "c a"
    assert keep_turns(before, layer("xy", every=7), utc("01-14")).seats == layer("xy").seats


def test_turns_that_count_are_kept_as_well() -> None:
    def weekdays(seats: str) -> object:
        return layer(seats, BERLIN, anchor="02-02 09:00", windows=(window(9, 17, WORKDAYS),), counting=TurnCount.WORKED)

    joined = keep_turns(weekdays("abc"), weekdays("axbc"), local(BERLIN, "02-06 10:00"))  # type: ignore[arg-type]
    assert names(schedule(joined), BERLIN, "02-06 10:00", "02-09 10:00", "02-10 10:00") == "b c a"


def test_turns_that_count_are_counted_once() -> None:
    """Not from the first one on for each turn: an old layer of short turns would stop everybody."""
    layers._worked.cache_clear()
    hourly = layer("abc", BERLIN, unit=TurnUnit.HOURS, every=1, anchor="01-01 09:00", counting=TurnCount.WORKED)
    assert len(intervals(schedule(hourly), utc("11-02"), utc("11-09"))) == 7 * 24
    looked = layers._worked.cache_info()
    assert looked.hits + looked.misses < 1_000


def test_holidays_by_local_days() -> None:
    found = schedule(
        layer("a", BERLIN, windows=(window(8, 18, WORKDAYS),), holidays=HolidayRule.OFF, dates=["12-25"]),
        layer("h", BERLIN, holidays=HolidayRule.ONLY, dates=["12-25"]),
    )
    spans = intervals(found, local(BERLIN, "12-24 07:00"), local(BERLIN, "12-26 07:00"))
    assert (
        drawn(spans, BERLIN)
        == "– to 12-24 08:00, a to 12-24 18:00, – to 12-25 00:00, h to 12-26 00:00, – to 12-26 07:00"
    )


@pytest.mark.parametrize(("day", "hole"), [("03-05", ""), ("03-15", "00:00 01:00"), ("04-02", "00:00 01:00")])
def test_follow_the_sun_has_a_hole_all_summer(day: str, hole: str) -> None:
    layers = (
        layer("b", BERLIN, windows=(window(8, 17),)),
        layer("n", NEW_YORK, windows=(window(11, 20),)),
        layer("k", KOLKATA, windows=(window(6.5, 12.5),)),
    )
    found = Schedule((Revision(1, 0, 0, layers, Cover("UTC")),))
    start, end = utc(day), utc(day) + 24 * HOUR
    missing = gaps(found, intervals(found, start, end), start, end)
    assert " ".join(f"{instant % (24 * HOUR) // HOUR:02}:00" for gap in missing for instant in gap) == hole


def test_the_clock_stands_through_a_repeated_hour() -> None:
    second_time = local(NEW_YORK, "11-01 01:30") + HOUR
    assert standing_clock(NEW_YORK, second_time) == day("11-01 02:00") - timedelta(microseconds=1)
    assert standing_clock(NEW_YORK, second_time + HOUR // 2) == day("11-01 02:00")
