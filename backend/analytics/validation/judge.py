"""What is wrong with an event, and what becomes of it. Pure: the mode decides last, and never what is found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.analytics.schemas import Finding
from backend.analytics.validation.compiled import UNPLANNED, CompiledPlan, CompiledVersion
from backend.analytics.validation.wording import violation
from models.analytics import EventMode, SchemaState
from models.analytics.events import Violation, ViolationClass

NAME_MOST: Final = 120
VIOLATIONS_MOST: Final = 50
"""Of one event; more say nothing more."""
_PLAIN_NAME = re.compile(r"[^\W\d_](?!.*\d{4})[\w .:/()&+-]*")
"""What people call an event. Anything else may be data, an address among it, and is kept nowhere."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the plan says of an event."""

    mode: EventMode
    """What happens to it, if anything is wrong."""
    version: int | None = None
    violations: tuple[Violation, ...] = ()
    observed: tuple[Violation, ...] = ()
    """What would be wrong by the version that is only observed: counted, and no more."""
    by: CompiledVersion | None = None
    findings: Sequence[Finding] = ()


def judge(
    plan: CompiledPlan,
    environment: str,
    now: datetime,
    *,
    event_name: str,
    properties: Any,
    declared: int | None = None,
    at: str = "/properties",
) -> Judgement:
    """Judge the properties of an event by the version it says, or by the one that holds."""
    event = plan.events.get(event_name)
    if event is None or not event.versions:
        close = plan.nearest(event_name)
        rule = "the plan does not know this event" + (f"; did you mean “{close}”?" if close else "")
        found = Violation(violation_class=ViolationClass.UNPLANNED_EVENT, pointer="/event", rule=rule, nearest=close)
        return Judgement(plan.mode(UNPLANNED, environment), violations=(found,))
    usual, shadow = event.choice(now)
    version = usual if declared is None else event.versions.get(declared)
    if version is None or not version.is_live(now):
        return Judgement(plan.mode(event_name, environment), violations=(_retired(version, declared),))
    found_here = version.validator.findings(properties)
    state = version.definition.state
    return Judgement(
        EventMode.OBSERVE if state is SchemaState.OBSERVED else plan.mode(event_name, environment),
        version.definition.version,
        told(found_here, version, at),
        () if shadow is None or shadow is version else told(shadow.validator.findings(properties), shadow, at),
        version,
        found_here,
    )


def told(findings: Sequence[Finding], by: CompiledVersion, at: str) -> tuple[Violation, ...]:
    """Findings as they are told, each once: those of a hundred items of one list are one."""
    if not findings:
        return ()
    number = by.definition.version
    found = (violation(each, at=at, names=by.names, version=number) for each in findings[: 4 * VIOLATIONS_MOST])
    return tuple({(each.violation_class, each.pointer, each.rule): each for each in found}.values())[:VIOLATIONS_MOST]


def kept_name(event_name: str, plan: CompiledPlan) -> str:
    """The name under which an event is counted and listed."""
    if event_name in plan.events:
        return event_name
    return event_name if len(event_name) <= NAME_MOST and _PLAIN_NAME.fullmatch(event_name) else UNPLANNED


def without(properties: Any, findings: Sequence[Finding]) -> bool:
    """Leave out of an event, in place, what does not fit; false where something cannot be left out.

    What is missing stays missing.
    """
    complete = True
    # The deepest first, and the last of a list first: what comes later keeps its place.
    for finding in sorted(findings, key=lambda each: tuple(map(_order, each.path)), reverse=True):
        if finding.keyword == "required":
            complete = False
            continue
        names = finding.names if finding.keyword == "additionalProperties" else finding.path[-1:]
        path = finding.path if finding.keyword == "additionalProperties" else finding.path[:-1]
        target: Any = properties
        try:
            for part in path:
                target = target[part]
            if not names and finding.keyword == "additionalProperties":
                target.clear()
                continue
            for name in names:
                del target[name]
        except (KeyError, IndexError, TypeError):
            continue  # left out already, with what it was in
        complete = complete and bool(names)
    return complete


def _order(part: str | int) -> tuple[int, int, str]:
    return (0, part, "") if isinstance(part, int) else (1, 0, part)


def _retired(version: CompiledVersion | None, declared: int | None) -> Violation:
    if version is None and declared is not None:
        rule = f"the plan knows no version {declared} of this event that was published"
    elif declared is None:
        rule = "every version of this event is retired"
    else:
        rule = f"version {declared} is retired"
    return Violation(
        violation_class=ViolationClass.RETIRED_VERSION, pointer="/context/eventVersion", version=declared, rule=rule
    )
