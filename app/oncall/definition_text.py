"""Parts of a schedule as they are typed: windows, turns and dates, one a line. What is wrong is said in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, time

from models.oncall.schedules import Weekday, Window

WEEK: tuple[Weekday, ...] = tuple(Weekday)
SHORT = {day: day.value[:3].capitalize() for day in WEEK}
_BY_NAME = {name: day for day in WEEK for name in (day.value, day.value[:3], day.value[:2])}
_TIME = r"([01]?\d|2[0-4])[:.]([0-5]\d)"
_WINDOW = re.compile(rf"^(?P<days>.*?)\s*{_TIME}\s*(?:to|-|\u2013)\s*(?P<last>[a-z]+)?\s*{_TIME}$", re.IGNORECASE)
EVERY_DAY = "Every day"


class TypedWrong(ValueError):  # noqa: N818 - it names what happened
    """What was typed is no such thing; ``str`` says what it should look like."""


def windows_text(windows: Iterable[Window]) -> str:
    """``Mon–Fri 09:00 to 17:00``, ``Fri 18:00 to Mon 08:00``; one a line."""
    return "\n".join(window_words(window) for window in windows)


def window_words(window: Window) -> str:
    """One window in words."""
    days = _days_words(window.weekdays)
    # Midnight at the end of a day is read as such, not as the beginning of the next one.
    end = "24:00" if window.end == time() and window.days == 0 else f"{window.end:%H:%M}"
    if window.days:
        last = WEEK[(WEEK.index(window.weekdays[0]) + window.days) % len(WEEK)]
        end = f"{SHORT[last]} {end}"
    return f"{days} {window.start:%H:%M} to {end}"


def _days_words(days: Sequence[Weekday]) -> str:
    numbers = sorted(WEEK.index(day) for day in days)
    if len(numbers) == len(WEEK):
        return EVERY_DAY
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = []
    for run in runs:
        first, last = SHORT[WEEK[run[0]]], SHORT[WEEK[run[-1]]]
        words.append(first if len(run) == 1 else f"{first}, {last}" if len(run) == 2 else f"{first}\u2013{last}")
    return ", ".join(words)


def windows_of(text: str) -> tuple[Window, ...]:
    """Windows that were typed, one a line. Raises TypedWrong."""
    return tuple(_window(line.strip()) for line in text.splitlines() if line.strip())


def _window(line: str) -> Window:
    found = _WINDOW.match(line)
    if found is None:
        raise TypedWrong(f"“{line}” is no window; one reads Mon\u2013Fri 09:00 to 17:00, or Fri 18:00 to Mon 08:00.")
    _, start_hour, start_minute, last, end_hour, end_minute = found.groups()
    weekdays = _days(found["days"])
    start, (end, over) = _time(start_hour, start_minute)[0], _time(end_hour, end_minute)
    between = 0
    if last is not None:
        if len(weekdays) != 1:
            raise TypedWrong(f"“{line}”: a window that ends on another day begins on one day only.")
        between = (WEEK.index(_day(last)) - WEEK.index(weekdays[0])) % len(WEEK)
        between += over
        if between == 0 and end <= start:
            raise TypedWrong(f"“{line}”: it ends before it begins.")
        if between >= len(WEEK):
            raise TypedWrong(f"“{line}”: it ends within a week.")
    if start_hour == "24":
        raise TypedWrong(f"“{line}”: a day begins at 00:00.")
    return Window(weekdays=weekdays, start=start, end=end, days=between)


def _time(hour: str, minute: str) -> tuple[time, bool]:
    """A time of the day, and whether it is the midnight that ends it."""
    if hour == "24":
        if minute != "00":
            raise TypedWrong(f"{hour}:{minute} is no time; a day ends at 24:00.")
        return time(), True
    return time(int(hour), int(minute)), False


def _days(text: str) -> tuple[Weekday, ...]:
    words = re.sub(r"\b(every day|daily|every)\b", "", text.casefold()).strip(" ,")
    if not words:
        return WEEK
    found: set[int] = set()
    for part in re.split(r"[\s,]+", re.sub(r"\s*[-\u2013]\s*", "-", words)):
        first, dash, last = part.partition("-")
        start = WEEK.index(_day(first))
        stop = WEEK.index(_day(last)) if dash else start
        found |= {(start + n) % len(WEEK) for n in range((stop - start) % len(WEEK) + 1)}
    return tuple(WEEK[number] for number in sorted(found))


def _day(text: str) -> Weekday:
    found = _BY_NAME.get(text.casefold())
    if found is None:
        raise TypedWrong(f"“{text}” is no day of the week; they are Mon, Tue, Wed, Thu, Fri, Sat and Sun.")
    return found


def seats_text(seats: Iterable[Sequence[str]], names: Iterable[tuple[str, str]] = ()) -> str:
    """Turns, one a line; several people of one turn stand beside each other."""
    called = dict(names)
    return "\n".join(", ".join(called.get(person, person) for person in seat) or "-" for seat in seats)


def seats_of(text: str, names: Iterable[tuple[str, str]] = ()) -> tuple[tuple[str, ...], ...]:
    """Turns that were typed, one a line; ``-`` is a turn of nobody. Raises TypedWrong."""
    known = tuple(names)
    seats = [people_of(line, known) for line in text.splitlines() if line.strip()]
    if not seats:
        raise TypedWrong("Name whoever takes turns, one turn a line.")
    return tuple(seats)


def people_of(text: str, names: Iterable[tuple[str, str]] = ()) -> tuple[str, ...]:
    """People by name or id, with commas between them. Raises TypedWrong for a name that several have."""
    ids: dict[str, list[str]] = {}
    for known, name in names:
        for form in {known.casefold(), name.casefold()}:
            ids.setdefault(form, []).append(known)
    found = []
    for part in text.replace(";", ",").split(","):
        word = part.strip()
        if not word or word == "-":
            continue
        those = ids.get(word.casefold(), [word])
        if len(those) > 1:
            raise TypedWrong(f"Several people are called {word}: write {' or '.join(sorted(those))}.")
        found.append(those[0])
    return tuple(dict.fromkeys(found))


def dates_of(text: str) -> tuple[date, ...]:
    """Dates that were typed or pasted. Raises TypedWrong."""
    found = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        try:
            found.append(date.fromisoformat(word))
        except ValueError:
            raise TypedWrong(f"“{word}” is no date; one reads 2026-12-25.") from None
    return tuple(sorted(set(found)))


def dates_text(dates: Iterable[date]) -> str:
    """Dates, one a line."""
    return "\n".join(day.isoformat() for day in dates)
