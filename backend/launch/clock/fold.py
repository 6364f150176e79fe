"""What a launch's clock shows, out of what was done to it: pure, without clock and database.

A planned hold stops the clock by derivation, exactly at its reading, also while every process is down. At one instant
the automatic hold comes before what somebody does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.launch.clock import ClockEventKind, ClockState, HoldPoint

TICK = timedelta(microseconds=1)
ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to the clock."""

    at: datetime
    kind: ClockEventKind
    reading: timedelta | None = None
    """Of ``set`` and ``recycle``."""
    hold: int | None = None
    """The hold a release ends."""
    reason: str = ""
    exit_criteria: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in which the clock did one thing."""

    state: ClockState
    since: datetime
    reading: timedelta
    """At its beginning."""
    hold: int | None = None
    point: HoldPoint | None = None
    reason: str | None = None
    exit_criteria: str | None = None
    passed: timedelta = ZERO
    """Planned holds up to here do not stop it any more."""

    @property
    def runs(self) -> bool:
        """Whether its reading moves."""
        return self.state is ClockState.RUNNING

    def reading_at(self, now: datetime) -> timedelta:
        """What it shows at an instant that is not before it."""
        return self.reading + (now - self.since) if self.runs else self.reading


@dataclass(slots=True)
class Clock:
    """A clock at an instant, and how it came there."""

    points: Sequence[HoldPoint]
    now: datetime
    spans: list[Span] = field(default_factory=list)

    @property
    def last(self) -> Span:
        """What it does. Raises IndexError when it was never set."""
        return self.spans[-1]

    @property
    def reading(self) -> timedelta:
        """What it shows."""
        return self.last.reading_at(self.now)

    @property
    def holds(self) -> int:
        """How many holds there have been."""
        return sum(span.hold is not None for span in self.spans)

    def ahead(self) -> list[HoldPoint]:
        """Planned holds that lie ahead, the next one first."""
        passed = max(self.last.passed, self.reading) if self.last.runs else self.last.passed
        return sorted((p for p in self.points if seconds(p.reading) > passed), key=lambda point: point.reading)

    def due_at(self, offset: timedelta) -> datetime | None:
        """When it shows ``offset``, or last showed or passed over it.

        ``None`` for what lies ahead of a launch that was given up.
        """
        reading = self.reading
        if offset > reading:
            if self.last.state is ClockState.SCRUBBED:
                return None
            waits = self._rest_of_hold() + sum(
                (seconds(p.seconds) for p in self.ahead() if seconds(p.reading) < offset), ZERO
            )
            return self.now + (offset - reading) + waits
        end = self.now
        for number, span in reversed([*enumerate(self.spans)]):
            if span.runs and span.reading <= offset <= span.reading_at(end):
                return span.since + (offset - span.reading)
            if number and self.spans[number - 1].reading_at(span.since) <= offset <= span.reading:
                return span.since  # It was passed over when the clock was set.
            end = span.since
        # It lay behind when the clock was set.
        first = self.spans[0]
        return first.since - (first.reading - offset)

    def _rest_of_hold(self) -> timedelta:
        point = self.last.point
        if point is None:
            return ZERO
        return max(ZERO, self.last.since + seconds(point.seconds) - self.now)


def fold(events: Iterable[Event], points: Sequence[HoldPoint], now: datetime) -> Clock:
    """The clock at ``now``; events after it are not looked at."""
    clock = Clock(points, now)
    for event in events:
        if event.at > now:
            break
        if clock.spans:
            _advance(clock, event.at)
        _apply(clock, event)
    if clock.spans:
        _advance(clock, now)
    return clock


def _advance(clock: Clock, to: datetime) -> None:
    """Let the next planned hold stop it, if it comes to it until then."""
    last = clock.last
    if not last.runs:
        return
    ahead = (seconds(point.reading) for point in clock.points if seconds(point.reading) > last.passed)
    stop = min(ahead, default=None)
    if stop is None or last.reading_at(to) < stop:
        return
    point = next(point for point in clock.points if seconds(point.reading) == stop)
    since = last.since + (stop - last.reading)
    clock.spans.append(Span(ClockState.PLANNED_HOLD, since, stop, clock.holds + 1, point, passed=stop))


def _apply(clock: Clock, event: Event) -> None:
    last = clock.last if clock.spans else None
    match event.kind:
        case _ if last is not None and last.state is ClockState.SCRUBBED:
            return
        case ClockEventKind.SET if event.reading is not None:
            clock.spans.append(Span(ClockState.RUNNING, event.at, event.reading, passed=event.reading - TICK))
        case ClockEventKind.HOLD if last is not None and last.runs:
            reading = last.reading_at(event.at)
            clock.spans.append(_held(clock, event, reading, max(last.passed, reading)))
        case ClockEventKind.RECYCLE if last is not None and event.reading is not None:
            clock.spans.append(_held(clock, event, event.reading, event.reading))
        case ClockEventKind.RELEASE if last is not None and last.hold is not None and last.hold == event.hold:
            clock.spans.append(Span(ClockState.RUNNING, event.at, last.reading, passed=last.passed))
        case ClockEventKind.SCRUB if last is not None:
            reading = last.reading_at(event.at)
            clock.spans.append(
                Span(ClockState.SCRUBBED, event.at, reading, reason=event.reason, passed=max(last.passed, reading))
            )


def _held(clock: Clock, event: Event, reading: timedelta, passed: timedelta) -> Span:
    return Span(
        ClockState.HOLD,
        event.at,
        reading,
        clock.holds + 1,
        reason=event.reason,
        exit_criteria=event.exit_criteria,
        passed=passed,
    )


def first_reading(until_zero: timedelta, points: Iterable[HoldPoint]) -> timedelta:
    """What a clock must show that comes to T-0 after ``until_zero``, with the planned holds on its way.

    Within a planned hold there is no such reading: then it is that of the hold, which stops it for its whole length.
    """
    behind = ZERO
    for point in sorted(points, key=lambda each: -each.reading):
        if until_zero - behind <= -seconds(point.reading):
            break
        behind += seconds(point.seconds)
        if until_zero - behind <= -seconds(point.reading):
            return seconds(point.reading)
    return behind - until_zero


def seconds(value: float) -> timedelta:
    """A length of the contract."""
    return timedelta(seconds=value)
