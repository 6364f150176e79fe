"""How on-call is spoken of: people, times in a zone, bars of a calendar, pages and swaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.core.freshness import age_words
from app.oncall.calendar import Kind
from app.oncall.zones import city, local
from models.oncall.pages import PageState

if TYPE_CHECKING:
    from app.oncall.calendar import Bar, Wrong
    from models.oncall.pages import PageSummary
    from models.oncall.policies import Step, Target
    from models.oncall.schedules import Override, Swap

NOBODY = "nobody"
_DAY = timedelta(days=1)


def people_words(people: Iterable[str], names: Mapping[str, str]) -> str:
    """``Ada``, ``Ada and Bob``, ``Ada, Bob and Cy``; ``nobody`` of none."""
    *most, last = [names.get(person, person) for person in people] or [NOBODY]
    return f"{', '.join(most)} and {last}" if most else last


def day_words(at: datetime, zone: str) -> str:
    """``Tue 24 Nov``."""
    shown = local(at, zone)
    return f"{shown:%a} {shown.day} {shown:%b}"


def when(at: datetime, zone: str, now: datetime | None = None) -> str:
    """``Tue 24 Nov 18:00``; within a week of ``now`` ``Tue 18:00``, today ``18:00``."""
    shown = local(at, zone)
    if now is not None:
        if shown.date() == local(now, zone).date():
            return f"{shown:%H:%M}"
        if abs(at - now) < 6 * _DAY:
            return f"{shown:%a %H:%M}"
    return f"{shown:%a} {shown.day} {shown:%b %H:%M}"


def span_words(start: datetime, end: datetime, zone: str) -> str:
    """``Sat 28 Nov 08:00 to 20:00``, ``Tue 24 Nov 18:00 to Tue 1 Dec 18:00``."""
    first, last = local(start, zone), local(end, zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else when(end, zone)
    return f"{when(start, zone)} to {until}"


def length_words(start: datetime, end: datetime) -> str:
    """``12 h``, ``7 d``, ``45 min``."""
    seconds = (end - start).total_seconds()
    if seconds >= 3600 and seconds % 3600 == 0 and seconds < 2 * 86_400:
        return f"{int(seconds) // 3600} h"
    if seconds % 86_400 == 0:
        return f"{int(seconds) // 86_400} d"
    return age_words(seconds)


def bar_words(bar: Bar, names: Mapping[str, str], zone: str) -> str:
    """A bar for somebody who cannot see it, and for whoever points at it."""
    span = f"{_shown_span(bar, zone)} {city(zone)}"
    if bar.kind is Kind.GAP:
        return f"Nobody is on call, and somebody must be: {span}, {length_words(bar.start, bar.end)}"
    if bar.kind is Kind.OVERRIDE and bar.override is not None:
        return f"{override_words(bar.override, names)}, {span}"
    if bar.kind is Kind.SWAP and bar.swap is not None:
        return f"{swap_words(bar.swap, zone)}"
    words = f"{people_words(bar.people, names)}, {span}"
    if bar.override is not None:
        words += f", by an override: {bar.override.reason}"
    if bar.twice:
        words += f". {people_words(bar.twice, names)} is on elsewhere at the same time, in one escalation policy"
    return words


def _shown_span(bar: Bar, zone: str) -> str:
    """The span of a bar; of one that the window cuts off, that it goes on."""
    if bar.goes_on and bar.began_before:
        return f"all the time until {when(bar.end, zone)} and on"
    if bar.goes_on:
        return f"from {when(bar.start, zone)} on"
    return f"until {when(bar.end, zone)}" if bar.began_before else span_words(bar.start, bar.end, zone)


def override_words(override: Override, names: Mapping[str, str]) -> str:
    """``Jana for Tomas``, ``Mei as well``, ``Nobody for Rui``; with what became of it."""
    people = people_words(override.people, names)
    people = people[:1].upper() + people[1:]
    match override.instead_of:
        case "person":
            words = f"{people} for {people_words((override.person,) if override.person else (), names)}"
        case "everybody":
            words = f"{people} for everybody"
        case _:
            words = f"{people} as well"
    return words if override.has_effect else f"{words}, without effect"


def swap_words(swap: Swap, zone: str) -> str:
    """What a swap request is about."""
    back = ""
    if swap.back_start is not None and swap.back_end is not None:
        back = f", for {span_words(swap.back_start, swap.back_end, zone)}"
    return (
        f"{swap.person_name} asks {swap.to_name or 'anyone'} to take {span_words(swap.start, swap.end, zone)} "
        f"{city(zone)}{back}"
    )


def wrong_words(wrong: Wrong, zone: str, now: datetime) -> tuple[str, str]:
    """Strong and plain words of what is wrong."""
    at = when(wrong.start, zone, now)
    length = length_words(wrong.start, wrong.end)
    if wrong.kind is Kind.GAP:
        return "Gap", f"{wrong.name}, {at}, {length}"
    return "Twice", f"{wrong.name} from {at}, {length}"


# --- pages -------------------------------------------------------------------------------------------------------


def page_state_words(page: PageSummary, now: datetime) -> str:
    """Where a page stands."""
    if page.state is PageState.RESOLVED:
        return "over"
    if page.state is PageState.ACKNOWLEDGED:
        return f"{answerer(page)} has it"
    if page.exhausted_at is not None:
        return "nobody answers"
    if page.next_at is not None and not page.test:
        left = (page.next_at - now).total_seconds()
        return f"open, next in {age_words(left)}" if left > 0 else "open, next is due"
    return "not answered yet"


def answerer(page: PageSummary) -> str:
    """Who has acknowledged a page, by name."""
    known = page.acknowledged_by or ""
    return page.names.get(known, known) or "somebody"


def target_words(target: Target, schedules: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Whom a step pages, in words."""
    match target.kind:
        case "on_call":
            return f"On call in {schedules.get(target.id, 'an archived schedule' if schedules else 'a schedule')}"
        case "everybody":
            return f"Everybody in {schedules.get(target.id, 'an archived schedule' if schedules else 'a schedule')}"
        case _:
            return names.get(target.id, target.id)


def step_words(step: Step, schedules: Mapping[str, str], names: Mapping[str, str]) -> str:
    """All of a step's targets."""
    words = [target_words(target, schedules, names) for target in step.targets]
    return ", ".join([*words, *(["the team’s channels"] if step.tell_team else [])])
