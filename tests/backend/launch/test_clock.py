"""The clock: what it shows follows from what was done to it, held against an oracle that counts second by second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.launch.clock.fold import Event, first_reading, fold
from models.launch.clock import ClockEventKind, ClockState, HoldPoint
from tests.backend.launch.fixtures import LAUNCHES, Pad

START = datetime(2026, 11, 30, 6, tzinfo=UTC)
LENGTH = 130
"""Seconds of a history."""


def seconds(value: int) -> timedelta:
    return timedelta(seconds=value)


@dataclass
class Shown:
    """What an oracle's clock shows."""

    state: ClockState
    reading: int
    hold: int | None


def oracle(events: Sequence[tuple[int, Event]], points: Sequence[HoldPoint]) -> Iterator[Shown]:
    """Counts second by second. At one instant the automatic hold comes before what somebody does."""
    stops = {int(point.reading) for point in points}
    state: ClockState | None = None
    reading, holds, hold, last_passed = 0, 0, None, -(10**9)
    for second in range(LENGTH + 1):
        if state is ClockState.RUNNING and second:
            reading += 1
        rest = [event for at, event in events if at == second]
        while True:
            if state is ClockState.RUNNING and reading in stops and reading > last_passed:
                state, last_passed, holds = ClockState.PLANNED_HOLD, reading, holds + 1
                hold = holds
            if not rest:
                break
            event = rest.pop(0)
            given = None if event.reading is None else int(event.reading.total_seconds())
            if state is ClockState.SCRUBBED:
                continue
            if event.kind is ClockEventKind.SET and given is not None:
                state, reading, hold, last_passed = ClockState.RUNNING, given, None, given - 1
            elif event.kind is ClockEventKind.HOLD and state is ClockState.RUNNING:
                state, holds, last_passed = ClockState.HOLD, holds + 1, max(last_passed, reading)
                hold = holds
            elif event.kind is ClockEventKind.RECYCLE and given is not None:
                state, reading, holds, last_passed = ClockState.HOLD, given, holds + 1, given
                hold = holds
            elif event.kind is ClockEventKind.RELEASE and hold is not None and event.hold == hold:
                state, hold = ClockState.RUNNING, None
            elif event.kind is ClockEventKind.SCRUB:
                state, hold = ClockState.SCRUBBED, None
        assert state is not None
        yield Shown(state, reading, hold)


POINTS = st.lists(st.integers(-60, -1), unique=True, max_size=4).map(
    lambda readings: [
        HoldPoint(key=f"p{number}", title="Hold", reading=reading, seconds=10)
        for number, reading in enumerate(readings)
    ]
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, Event]]:
    """Beginning with a clock that is set; half of what follows falls where something else happens."""
    found = [(0, Event(START, ClockEventKind.SET, seconds(draw(st.integers(-70, 5)))))]
    for at in sorted(draw(st.lists(st.integers(0, LENGTH), max_size=8))):
        kind = draw(st.sampled_from(list(ClockEventKind)[:4] * 4 + [ClockEventKind.SCRUB]))
        reading = seconds(draw(st.integers(-70, 0))) if kind in {ClockEventKind.SET, ClockEventKind.RECYCLE} else None
        hold = draw(st.integers(1, 5)) if kind is ClockEventKind.RELEASE else None
        found.append((at, Event(START + seconds(at), kind, reading, hold)))
    return found


@settings(max_examples=400, deadline=None)
@given(histories(), POINTS)
def test_the_clock_shows_what_counting_second_by_second_shows(
    history: list[tuple[int, Event]], points: list[HoldPoint]
) -> None:
    events = [event for _, event in history]
    for second, wanted in enumerate(oracle(history, points)):
        if second % 5 and second not in {at for at, _ in history}:
            continue
        clock = fold(events, points, START + seconds(second))
        assert (clock.last.state, clock.reading, clock.last.hold) == (
            wanted.state,
            seconds(wanted.reading),
            wanted.hold,
        ), second


@settings(max_examples=100, deadline=None)
@given(histories(), POINTS, st.integers(-70, 30))
def test_when_it_will_show_something_is_when_it_shows_it(
    history: list[tuple[int, Event]], points: list[HoldPoint], offset: int
) -> None:
    """With every planned hold as long as planned."""
    events = [event for _, event in history]
    clock = fold(events, points, START + seconds(LENGTH))
    due = clock.due_at(seconds(offset))
    if clock.last.state is ClockState.SCRUBBED or clock.last.state is ClockState.HOLD or due is None:
        return
    if due <= clock.now:
        # Where two things were done at one instant, the last one counts.
        if due >= clock.spans[0].since and due not in {span.since for span in clock.spans}:
            assert fold(events, points, due).reading == seconds(offset)
        return
    now = clock.now
    while now < due:
        if clock.last.point is not None and now >= clock.last.since + seconds(int(clock.last.point.seconds)):
            events.append(Event(now, ClockEventKind.RELEASE, hold=clock.last.hold))
        clock = fold(events, points, now)
        now += seconds(1)
    assert fold(events, points, due).reading == seconds(offset)


def test_what_was_passed_over_when_the_clock_was_set_was_due_then() -> None:
    events = [Event(START + seconds(at), ClockEventKind.SET, seconds(to)) for at, to in ((0, -60), (10, -20), (30, 5))]
    clock = fold(events, [], START + seconds(LENGTH))
    assert clock.due_at(seconds(-55)) == START + seconds(5)
    assert clock.due_at(seconds(-30)) == START + seconds(10), "from -50 to -20"
    assert clock.due_at(seconds(2)) == START + seconds(30), "from 0 to 5"
    assert clock.due_at(seconds(-70)) == START - seconds(10)


@given(st.integers(1, 500), POINTS)
def test_a_clock_is_set_so_that_it_comes_to_zero_in_time(until: int, points: list[HoldPoint]) -> None:
    reading = first_reading(seconds(until), points)
    clock = fold([Event(START, ClockEventKind.SET, reading)], points, START)
    zero = clock.due_at(timedelta())
    assert zero is not None
    # Within a planned hold there is no such reading: then it comes later, by that hold's length at most.
    assert START + seconds(until) <= zero <= START + seconds(until + 10)


def test_it_runs_on_and_holds_while_every_process_is_down(pad: Pad) -> None:
    launch = pad.launch(timedelta(hours=2))
    address = f"{LAUNCHES}/{launch['launchId']}/clock"
    clock = pad.status(launch)["clock"]
    assert (clock["state"], clock["nextPoint"]) == ("running", "readiness")
    assert abs(clock["reading"] + 6_300) < 60, "a planned hold of 15 min lies ahead"
    assert pad.send(f"{address}/release", {"hold": 1, "reason": "x"}).status_code == 409
    pad.sql("update launch_clock_event set at = at - interval '1 h'")
    clock = pad.status(launch)["clock"]
    assert (clock["state"], clock["reading"], clock["hold"], clock["point"]) == ("planned-hold", -5_400, 1, "readiness")
    assert pad.send(f"{address}/hold", {"reason": "x", "exitCriteria": "y"}).status_code == 409, "it stands already"
    assert pad.done(f"{address}/release", {"hold": 1, "reason": "all well"})["state"] == "running"
    late = {"reading": -60, "reason": "x"}
    assert pad.send(f"{address}/recycle", late).status_code == 422, "that would be on, not back"
    assert pad.done(f"{address}/recycle", late | {"reading": -7_200})["hold"] == 2
    assert pad.send(f"{address}/hold", {"reason": "x", "exitCriteria": "y"}, role="viewer").status_code == 403
    kinds = [event["kind"] for event in pad.read(address)["events"]]
    assert kinds == ["set", "release", "recycle"]


def test_a_server_whose_clock_was_set_back_does_not_turn_it_back(pad: Pad) -> None:
    launch = pad.launch(timedelta(hours=10))
    pad.sql("update launch_clock_event set at = at + interval '1 h'")
    before = pad.status(launch)["clock"]["reading"]
    address = f"{LAUNCHES}/{launch['launchId']}/clock"
    pad.done(f"{address}/hold", {"reason": "x", "exitCriteria": "y"})
    assert pad.status(launch)["clock"]["reading"] == before
    events: list[dict[str, Any]] = pad.read(address)["events"]
    assert events[0]["at"] <= events[1]["at"]


def test_a_launch_is_moved_scrubbed_and_then_left_alone(pad: Pad) -> None:
    launch = pad.launch(timedelta(hours=10))
    address = f"{LAUNCHES}/{launch['launchId']}"
    zero = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
    version = pad.status(launch)["launchVersion"]
    change = {"zeroAt": zero, "zone": "America/New_York", "reason": "a week later"}
    assert pad.send(address, {"zeroAt": zero}, version=version, method="PATCH").status_code == 422
    assert pad.send(address, change, version=version + 9, method="PATCH").status_code == 412
    moved = pad.done(address, change, version=version, method="PATCH")
    clock = pad.status(launch)["clock"]
    assert datetime.fromisoformat(clock["projectedZeroAt"]) == datetime.fromisoformat(moved["plannedZeroAt"])
    for bad in ({"zone": "Mars/Olympus"}, {"zone": "../x"}, {"title": ""}, {"zeroAt": "tomorrow", "reason": "x"}, {}):
        assert pad.send(address, bad, version=moved["version"], method="PATCH").status_code == 422, bad
    past = {"zeroAt": "2020-01-01T00:00:00Z", "reason": "x"}
    assert pad.send(address, past, version=moved["version"], method="PATCH").status_code == 422
    poll = pad.poll(launch)
    scrub = {"decision": "wind"}
    assert pad.send(f"{address}/scrub", scrub, version=moved["version"]).status_code == 409, "a poll is open"
    pad.done(f"{poll}/close", {"verdict": "HOLD"})
    assert pad.done(f"{address}/scrub", scrub, version=moved["version"])["state"] == "scrubbed"
    assert pad.status(launch)["clock"]["state"] == "scrubbed"
    assert pad.send(f"{address}/clock/hold", {"reason": "x", "exitCriteria": "y"}).status_code == 409
    assert pad.send(f"{address}/polls", {"question": "again?"}).status_code == 409
    review = pad.read(f"{address}/review")
    assert (review["actualZeroAt"], review["polls"][0]["verdict"]) == (None, "HOLD")
