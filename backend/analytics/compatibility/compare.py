"""Two versions of an event beside each other, with both verdicts in words."""

from __future__ import annotations

from typing import Any

from backend.analytics.child import DeadlineError, in_child
from backend.analytics.compatibility import sets
from backend.analytics.plan.documents import document_of, unfolded
from backend.analytics.schemas import Containment
from backend.analytics.validation.compiled import CompiledVersion
from backend.analytics.validation.judge import told
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import invalid
from models.analytics import EventContent, EventSchemaDefinition, PersonalClass, PropertyDefinition
from models.analytics.changes import Answer, Comparison, CompatibilityVerdict, PropertyChange
from models.analytics.events import Violation

_RANK = list(PersonalClass)
_NOT_IN_TIME = "it could not be proved in the time there is: taken for a no"
_UNPROVED = "neither proved, nor shown by an event: taken for a no"


async def check_satisfiable(content: EventContent) -> None:
    """Refuse a schema that no event can satisfy. Raises ProblemError 422."""
    try:
        answer = await in_child(sets.can_be_satisfied, unfolded(document_of(content)))
    except DeadlineError:
        return  # nobody knows; its first event will tell
    if answer is Containment.NO:
        raise invalid("/properties", "no event can satisfy it: what it asks for contradicts itself")


async def compare(connection: Connection, old: EventSchemaDefinition, new: EventSchemaDefinition) -> Comparison:
    """Compare two versions, whichever states they are in."""
    try:
        found = await in_child(sets.compare, unfolded(document_of(old)), unfolded(document_of(new)))
    except DeadlineError:
        found = None
    by = CompiledVersion.of(new)
    strict, described = _verdict(found, "strict", by), _verdict(found, "described", by)
    changes = tuple(_changes(old, new, (*strict.violations, *described.violations)))
    return Comparison(
        event_name=new.event_name,
        old=old.version,
        new=new.version,
        strict=strict,
        described=described,
        breaking=described.answer is not Answer.YES,
        properties=changes,
        asks=tuple(_asks(described, changes)),
        as_of=await clock(connection),
    )


def _verdict(found: dict[str, Any] | None, name: str, by: CompiledVersion) -> CompatibilityVerdict:
    if found is None:
        return CompatibilityVerdict(answer=Answer.UNKNOWN, words=_NOT_IN_TIME)
    answer, witness = Answer(found[name]["answer"]), found[name]["witness"]
    match answer:
        case Answer.YES:
            words = "every event that fits the old version fits the new one"
            return CompatibilityVerdict(answer=answer, words=words)
        case Answer.UNKNOWN:
            return CompatibilityVerdict(answer=answer, words=_UNPROVED)
        case Answer.NO:
            violations = told(by.validator.findings(witness), by, "/properties")
            words = "this event fits the old version, and not the new one"
            return CompatibilityVerdict(answer=answer, witness=witness, violations=violations, words=words)


def _changes(
    old: EventSchemaDefinition, new: EventSchemaDefinition, shown: tuple[Violation, ...]
) -> list[PropertyChange]:
    before = {each.name: each for each in old.properties}
    after = {each.name: each for each in new.properties}
    found: list[PropertyChange] = []
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one != other:
            at = f"/properties/{name.replace('~', '~0').replace('/', '~1')}"
            breaking = _goes_or_comes(one, other, new) or any(
                each.pointer == at or each.pointer.startswith(f"{at}/") for each in shown
            )
            found.append(
                PropertyChange(name=name, before=one, after=other, changed=_fields(one, other), breaking=breaking)
            )
    return found


def _goes_or_comes(
    one: PropertyDefinition | None, other: PropertyDefinition | None, new: EventSchemaDefinition
) -> bool:
    """Whether events fail for having a property that went, or for missing one that is required now.

    The witness need not show it: one thing that is wrong is enough for it.
    """
    if other is None:
        return not new.additional_properties
    return other.required and (one is None or not one.required)


def _fields(one: PropertyDefinition | None, other: PropertyDefinition | None) -> tuple[str, ...]:
    if one is None or other is None:
        return ()
    before, after = (each.model_dump(mode="json", by_alias=True) for each in (one, other))
    return tuple(name for name in before if before[name] != after[name])


def _asks(described: CompatibilityVerdict, changes: tuple[PropertyChange, ...]) -> list[str]:
    """What somebody else must agree to."""
    found: list[str] = []
    match described.answer:
        case Answer.NO:
            found += [f"{each.pointer} {each.rule}" for each in described.violations[:3]]
        case Answer.UNKNOWN:
            found.append("it is not known whether events that fit today still do")
        case Answer.YES:
            pass
    for each in changes:
        now = each.after
        if now is None or now.personal in {PersonalClass.NONE, PersonalClass.PSEUDONYMOUS}:
            continue
        was = PersonalClass.NONE if each.before is None else each.before.personal
        if _RANK.index(now.personal) > _RANK.index(was):
            found.append(f"{each.name} becomes {now.personal} data")
        elif "purpose" in each.changed:
            found.append(f"{each.name} is collected for another purpose")
    return found
