"""The clock of a launch between two answers, and how its readings are written. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from models.launch.clock import ClockState

if TYPE_CHECKING:
    from datetime import datetime

    from models.launch.clock import HoldPoint, LaunchClock

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Countdown:
    """What the clock shows at an instant."""

    state: ClockState
    reading: float
    """Seconds from T-0, negative before it."""
    since: datetime
    point: str | None
    """Key of the planned hold it stands in."""
    planned_seconds: float | None
    held_seconds: float
    """How long it has stood."""
    hold: int | None
    """The number of the hold it stands in; ``None`` also while it is derived and the server has not told it."""

    @property
    def holds(self) -> bool:
        """Whether it stands and will go on."""
        return self.state in {ClockState.HOLD, ClockState.PLANNED_HOLD}


def countdown(clock: LaunchClock, points: tuple[HoldPoint, ...], now: datetime | None) -> Countdown:
    """The clock at an instant of the server; without one, as it was told.

    A planned hold stops it exactly at its point, whoever is heard then.
    """
    now = clock.as_of if now is None else max(now, clock.as_of)
    if clock.zero_at is None:
        held = (now - clock.since).total_seconds()
        return Countdown(clock.state, clock.reading, clock.since, clock.point, clock.planned_seconds, held, clock.hold)
    stops = clock.next_hold_at
    if stops is not None and now >= stops:
        reading = (stops - clock.zero_at).total_seconds()
        planned = next((each.seconds for each in points if each.key == clock.next_point), None)
        held = (now - stops).total_seconds()
        return Countdown(ClockState.PLANNED_HOLD, reading, stops, clock.next_point, planned, held, None)
    reading = (now - clock.zero_at).total_seconds()
    return Countdown(clock.state, reading, clock.since, None, None, 0.0, None)


def reading_words(seconds: float) -> str:
    """As the clock shows it: ``T−01:30:00``, ``T+00:00:05``, ``T−18:00:00``, days counted in hours."""
    # Before T-0 a second counts until it is over.
    whole = ceil(-seconds) if seconds < 0 else int(seconds)
    sign = MINUS if whole and seconds < 0 else "+"
    return f"T{sign}{whole // _HOUR:02d}:{whole % _HOUR // _MINUTE:02d}:{whole % _MINUTE:02d}"


def offset_words(seconds: float) -> str:
    """A place on the clock in few words: ``T−3 h``, ``T−1 h 45``, ``T−30 m``, ``T−2 d 4 h``, ``T+72 h``, ``T−0``."""
    whole = round(abs(seconds))
    sign = "+" if seconds > 0 else MINUS
    if whole < _MINUTE:
        return f"T{sign}{whole} s" if whole else f"T{MINUS}0"
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"T{sign}{minutes} m" + (f" {rest} s" if rest else "")
    if whole < 4 * _DAY:
        hours, rest = divmod(whole, _HOUR)
        return f"T{sign}{hours} h" + (f" {rest // _MINUTE:02d}" if rest >= _MINUTE else "")
    days, rest = divmod(whole, _DAY)
    return f"T{sign}{days} d" + (f" {rest // _HOUR} h" if rest >= _HOUR else "")


def span_words(seconds: float) -> str:
    """How long something took or may take: ``06:12``, ``1:02:03``."""
    whole = max(0, int(seconds))
    if whole < _HOUR:
        return f"{whole // _MINUTE:02d}:{whole % _MINUTE:02d}"
    return f"{whole // _HOUR}:{whole % _HOUR // _MINUTE:02d}:{whole % _MINUTE:02d}"


def parse_reading(text: str) -> float:
    """Seconds from T-0 of what somebody typed: ``-1:30:00``, ``T-30:00``, ``-90 m``, ``T−2 h``.

    Before T-0, unless a plus says otherwise. Raises ValueError with what is expected.
    """
    wrong = "A reading is written as 1:30:00 or 30:00 before T\N{MINUS SIGN}0, or as 90 m, 2 h."
    plain = text.strip().upper().removeprefix("T").replace(MINUS, "-").replace("\N{EN DASH}", "-").strip()
    sign = 1 if plain.startswith("+") else -1
    plain = plain.lstrip("+-").strip()
    for unit, seconds in (("D", _DAY), ("H", _HOUR), ("M", _MINUTE), ("S", 1)):
        if plain.endswith(unit):
            number = plain.removesuffix(unit).strip()
            if not number.isdecimal():
                raise ValueError(wrong)
            return float(sign * int(number) * seconds)
    parts = plain.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        raise ValueError(wrong)
    hours, minutes, seconds = (int(part) for part in ["0", *parts][-3:])
    if minutes >= _MINUTE or seconds >= _MINUTE:
        raise ValueError(wrong)
    return float(sign * (hours * _HOUR + minutes * _MINUTE + seconds))
