"""Whether an override changes anything, and in words why not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from backend.oncall import resolver
from backend.oncall.people import spoken
from models.oncall.schedules import InsteadOf


def effect_blocker(schedule: resolver.Schedule, override: resolver.Override, names: Mapping[str, str]) -> str | None:
    """Why an override could have no effect, naming who is on; ``None`` when it has one."""
    start, end = resolver.acts(override)
    if start >= end:
        return "it is over before it begins"
    if has_effect(schedule, override):
        return None
    on = people_over(schedule, start, end)
    who = spoken(sorted(names[each] for each in on))
    if override.instead_of is not InsteadOf.PERSON or override.person is None:
        return f"it would change nothing: {who} {'are' if len(on) > 1 else 'is'} on call then already"
    person = names[override.person]
    if override.person in people_over(replace(schedule, overrides=()), start, end):
        return f"{who} {'cover' if len(on) > 1 else 'covers'} for {person} then"
    return f"{person} is not on call then: {who} {'are' if len(on) > 1 else 'is'}"


def has_effect(schedule: resolver.Schedule, override: resolver.Override) -> bool:
    """Whether anything would be different without an override, which may be in the schedule already."""
    start, end = resolver.acts(override)
    others = tuple(each for each in schedule.overrides if each.id != override.id)
    without = replace(schedule, overrides=others)
    with_it = replace(schedule, overrides=(*others, override))
    return resolver.intervals(without, start, end) != resolver.intervals(with_it, start, end)


def warnings(schedule: resolver.Schedule, override: resolver.Override, names: Mapping[str, str]) -> Iterable[str]:
    """What is worth knowing about an override that has an effect."""
    start, end = resolver.acts(override)
    spans = resolver.intervals(schedule, start, end)
    twice = {each for span in spans for each in span.people & override.people}
    for each in sorted(twice):
        yield f"{names[each]} is on call then already: two seats, one person."
    if not override.people:
        after = resolver.intervals(replace(schedule, overrides=(*schedule.overrides, override)), start, end)
        if any(not span.people for span in after):
            yield "Nobody is on call then."
    if override.instead_of is InsteadOf.PERSON and override.person is not None:
        on = [span for span in spans if override.person in span.people]
        if sum(span.end - span.start for span in on) < end - start:
            yield f"It acts only while {names[override.person]} is on call."


def people_over(schedule: resolver.Schedule, start: int, end: int) -> set[str]:
    """Everybody who is on at some time."""
    return {each for span in resolver.intervals(schedule, start, end) for each in span.people}
