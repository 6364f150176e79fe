"""Legal clocks: laws that hold for every zone, instant and pause, and the days that are easily got wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.privacy.clocks.calendar import DAY, WorkingCalendar, easter_sunday
from backend.privacy.clocks.legal_clock import ClockRules, Pause, add_months, due
from models.privacy.requests import PauseReason, PeriodUnit

BERLIN, SAO_PAULO, BEIRUT = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Beirut")
GERMAN = WorkingCalendar(
    fixed=frozenset({(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)}), easter=frozenset({-2, 1, 39, 50})
)


def rules(
    zone: ZoneInfo = BERLIN,
    unit: PeriodUnit = PeriodUnit.MONTHS,
    period: int = 1,
    extended: int = 3,
    *,
    rolls: bool = True,
) -> ClockRules:
    return ClockRules(zone, unit, period, extended, rolls, frozenset(PauseReason), 10, GERMAN)


CCPA = rules(ZoneInfo("America/Los_Angeles"), PeriodUnit.DAYS, 45, 90, rolls=False)


def at(day: str, clock: str = "12:00", zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)


def on(received: str, given: ClockRules = CCPA, *, extended: bool = False, clock: str = "12:00") -> str:
    instant = at(received, clock, given.zone)
    return str(due(given, instant, instant, extended=extended).on)


@pytest.mark.parametrize(
    ("received", "expected", "extended"),
    [
        ("2025-01-31", "2025-02-28", "2025-04-30"),
        ("2024-01-31", "2024-02-29", "2024-04-30"),
        ("2024-01-29", "2024-02-29", "2024-04-29"),
        ("2024-02-29", "2024-03-29", "2024-05-29"),
        ("2025-02-28", "2025-03-28", "2025-05-28"),
        ("2025-11-30", "2025-12-30", "2026-02-28"),
        ("2025-12-31", "2026-01-31", "2026-03-31"),
    ],
)
def test_a_month_ends_where_the_month_ends(received: str, expected: str, extended: str) -> None:
    plain = rules(rolls=False)
    assert on(received, plain) == expected
    # Three months from receipt; one and then two would be 28 April for the first.
    assert on(received, plain, extended=True) == extended


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-10-24", "2026-11-24"),
        ("2026-10-28", "2026-11-30"),  # a Saturday
        ("2026-11-25", "2026-12-28"),  # Christmas, a weekend
        ("2026-03-03", "2026-04-07"),  # Good Friday to Easter Monday
        ("2026-12-01", "2027-01-04"),  # New Year's Day, a Friday
    ],
)
def test_what_falls_on_a_day_off_is_due_on_the_next_working_day(received: str, expected: str) -> None:
    assert on(received, rules()) == expected


def test_california_counts_days_and_does_not_wait_for_monday() -> None:
    assert on("2026-10-01") == "2026-11-15"  # a Sunday
    assert on("2026-10-01", extended=True) == "2026-12-30"


def test_the_day_is_that_of_the_controller() -> None:
    # Half past midnight on 31 March in Berlin is 30 March in UTC, where a month later would be 30 April either way;
    # intervals of instants make it 1 May.
    received = at("2026-03-31", "00:30")
    assert due(rules(rolls=False), received, received).on == date(2026, 4, 30)
    late = at("2026-03-31", "23:59")
    assert due(rules(rolls=False), late, late).at == at("2026-05-01", "00:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "received", "end"),
    [
        (SAO_PAULO, "2018-10-03", "2018-11-04T03:00+00:00"),  # no midnight on 4 November 2018
        (BEIRUT, "2022-02-26", "2022-03-26T22:00+00:00"),  # none on 27 March 2022
    ],
)
def test_a_midnight_that_does_not_exist_is_the_first_instant_of_its_day(
    zone: ZoneInfo, received: str, end: str
) -> None:
    instant = at(received, zone=zone)
    found = due(rules(zone, rolls=False), instant, instant)
    assert found.at == datetime.fromisoformat(end)
    assert found.at.astimezone(zone).date() == found.on + DAY
    assert (found.at - timedelta(seconds=1)).astimezone(zone).date() == found.on


def test_pauses_count_days_once_and_the_day_one_begins_has_run() -> None:
    received, plain = at("2026-09-01"), rules(rolls=False)

    def days(*pauses: Pause, now: str = "2026-09-30") -> int:
        return (due(plain, received, at(now), pauses=pauses).on - date(2026, 10, 1)).days

    assert days(Pause(at("2026-09-05"), at("2026-09-05", "23:00"))) == 0
    assert days(Pause(at("2026-09-05", "23:59"), at("2026-09-06", "00:01"))) == 1
    assert days(Pause(at("2026-09-05"), at("2026-09-10"))) == 5
    assert days(Pause(at("2026-09-05"), at("2026-09-10")), Pause(at("2026-09-07"), at("2026-09-12"))) == 7
    assert days(Pause(at("2026-09-05")), now="2026-09-08") == 3  # it still stands
    assert days(Pause(at("2026-09-05")), now="2026-09-20") == 15


def test_of_both_ways_to_count_the_earlier_one_holds() -> None:
    received = at("2026-01-30")
    pause = Pause(at("2026-02-01"), at("2026-02-02"))
    # 28 February and a day, or 31 January and a month: 1 March, or 28 February.
    assert due(rules(rolls=False), received, at("2026-02-10"), pauses=[pause]).on == date(2026, 2, 28)


ZONES = [ZoneInfo(name) for name in sorted(available_timezones()) if "/" in name]
SINCE = datetime(2000, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 90 * 525_600).map(lambda minutes: SINCE + timedelta(minutes=minutes))
PERIODS = st.sampled_from([(PeriodUnit.MONTHS, 1, 3), (PeriodUnit.DAYS, 45, 90), (PeriodUnit.DAYS, 15, 15)])


@st.composite
def cases(draw: st.DrawFn) -> tuple[ClockRules, datetime, datetime, list[Pause]]:
    unit, period, extended = draw(PERIODS)
    given_rules = rules(draw(st.sampled_from(ZONES)), unit, period, extended, rolls=draw(st.booleans()))
    received = draw(INSTANTS)
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        begun = received + timedelta(minutes=draw(st.integers(0, 60_000)))
        pauses.append(Pause(begun, begun + timedelta(minutes=draw(st.integers(0, 30_000)))))
    return given_rules, received, received + timedelta(days=100), pauses


@settings(max_examples=400, deadline=None)
@given(cases(), st.integers(0, 100_000))
def test_laws_of_every_clock(case: tuple[ClockRules, datetime, datetime, list[Pause]], minutes: int) -> None:
    given_rules, received, now, pauses = case
    found = due(given_rules, received, now, pauses=pauses)
    assert found.on >= due(given_rules, received, now).on  # pauses never shorten
    assert due(given_rules, received, now, pauses=pauses, extended=True).on >= found.on  # an extension lengthens
    assert found.internal_at < found.at
    assert found.at > received
    if given_rules.rolls:
        assert given_rules.calendar.is_working(found.on)
    later = due(given_rules, received + timedelta(minutes=minutes), now)
    assert later.on >= due(given_rules, received, now).on  # who comes later is never due earlier
    assert found.at.astimezone(given_rules.zone).date() > found.on
    assert (found.at - timedelta(microseconds=1)).astimezone(given_rules.zone).date() <= found.on


def test_months_are_those_of_the_database(postgres_url: str) -> None:
    first, last = date(1970, 1, 1), date(2100, 1, 1)
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute(
            "select d::date, (d + interval '1 month')::date, (d + interval '3 months')::date"
            " from generate_series(%s::timestamp, %s::timestamp, interval '1 day') as d",
            (first, last),
        ).fetchall()
    assert len(rows) > 47_000
    assert [(day, add_months(day, 1), add_months(day, 3)) for day, _, _ in rows] == rows


def test_easter_and_weeks() -> None:
    known = {1999: "04-04", 2008: "03-23", 2011: "04-24", 2024: "03-31", 2026: "04-05", 2038: "04-25"}
    assert {year: f"{easter_sunday(year):%m-%d}" for year in known} == known
    with pytest.raises(ValueError, match="at least one working day"):
        WorkingCalendar(weekend=frozenset(range(7)))
    leap = WorkingCalendar(weekend=frozenset(), fixed=frozenset({(2, 29)}))
    assert [leap.is_working(date(2028, 2, 29)), leap.is_working(date(2027, 2, 28))] == [False, True]
