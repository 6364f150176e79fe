"""What is collected, why, how long and for what: a page for data owners, made from the plan and therefore never old."""

from __future__ import annotations

from collections.abc import Iterator

from models.analytics import EventSchemaDefinition, PersonalClass, PropertyDefinition, TrackingPlan

_CELL = str.maketrans({"|": "\\|", "\n": " ", "\r": " ", "<": "&lt;", ">": "&gt;", "`": "'", "[": "\\[", "]": "\\]"})


def governance_page(plan: TrackingPlan) -> str:
    """The page as Markdown."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: TrackingPlan) -> Iterator[str]:
    event_days = plan.event_days
    yield f"# What events collect: plan {plan.version}"
    yield ""
    yield (
        f"Made from the tracking plan at {plan.as_of:%Y-%m-%d %H:%M} UTC. Events are kept {event_days} days and then "
        "deleted by the day; what does not fit is held for 14 days, sealed."
    )
    yield ""
    yield "## What says something about a person"
    yield ""
    personal = [
        (event, each) for event in plan.items for each in event.properties if each.personal is not PersonalClass.NONE
    ]
    if not personal:
        yield "Nothing."
    else:
        yield "| event | property | class | what for | days | owners |"
        yield "|---|---|---|---|---|---|"
        order = list(PersonalClass)
        for event, each in sorted(personal, key=lambda pair: -order.index(pair[1].personal)):
            yield _row(
                f"{event.event_name} {event.version}",
                each.name,
                each.personal,
                each.purpose or "not said",
                _kept(each, event_days),
                ", ".join(event.owners),
            )
    for event in plan.items:
        yield from _event(event, event_days)


def _event(event: EventSchemaDefinition, event_days: int) -> Iterator[str]:
    yield ""
    yield f"## {_cell(event.event_name)}, version {event.version}"
    yield ""
    others = "takes others too" if event.additional_properties else "takes no others"
    yield f"{_cell(event.description)} Looked after by {_cell(', '.join(event.owners))}; {event.state}, {others}."
    if event.properties:
        yield ""
        yield "| property | what it is | class | what for | days | feeds |"
        yield "|---|---|---|---|---|---|"
        for each in event.properties:
            yield _property(each, event_days)


def _property(each: PropertyDefinition, event_days: int) -> str:
    name = f"{each.name} (always)" if each.required else each.name
    days = _kept(each, event_days)
    return _row(name, each.description, each.personal, each.purpose, days, ", ".join(each.feeds))


def _kept(each: PropertyDefinition, event_days: int) -> int:
    """Days that a value is kept: never longer than its event."""
    return min(each.retention_days or event_days, event_days)


def _row(*cells: object) -> str:
    return f"| {' | '.join(_cell(str(each)) for each in cells)} |"


def _cell(text: str) -> str:
    return text.translate(_CELL)
