"""How events, versions and mistakes are spoken of. No Qt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.core.freshness import age_words
from models.analytics import EventMode, PersonalClass, PropertyDefinition, SchemaState
from models.analytics.events import ViolationClass
from models.core.wording import counted, initials, system_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.analytics import EventSchemaDefinition
    from models.analytics.changes import Reader
    from models.analytics.events import TailedEvent, Violation, ViolationGroup

MODES = {
    EventMode.OBSERVE: "only counted",
    EventMode.OMIT: "field dropped",
    EventMode.QUARANTINE: "held",
    EventMode.REJECT: "refused",
}
"""What becomes of an event that does not fit, the mildest first."""
CLASSES = {
    ViolationClass.UNPLANNED_EVENT: "not in the plan",
    ViolationClass.REQUIRED_MISSING: "missing",
    ViolationClass.TYPE: "wrong type",
    ViolationClass.ADDITIONAL_PROPERTY: "not in the plan",
    ViolationClass.LIMIT: "outside its limits",
    ViolationClass.RETIRED_VERSION: "version is retired",
    ViolationClass.MALFORMED: "cannot be read",
}
PERSONAL = {
    PersonalClass.NONE: "none",
    PersonalClass.PSEUDONYMOUS: "pseudonym",
    PersonalClass.PERSONAL: "personal",
    PersonalClass.SENSITIVE: "sensitive",
}
STATES = {
    SchemaState.DRAFT: "draft",
    SchemaState.OBSERVED: "observed",
    SchemaState.ENFORCED: "enforced",
    SchemaState.DEPRECATED: "deprecated",
    SchemaState.RETIRED: "retired",
}
VERDICTS = {"landed": "passed", "omitted": "field dropped", "quarantined": "held", "rejected": "refused"}
_TYPES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "null": "null",
    "number": "number",
    "object": "object",
    "string": "text",
}
_LIMITS = {
    "minimum": "{} or more",
    "maximum": "{} or less",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "multiple of {}",
    "minLength": "{} characters or more",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
    "format": "{}",
    "minItems": "{} items or more",
    "maxItems": "at most {} items",
}
UNKNOWN, PROPERTIES = "*", "/properties/"


def type_words(schema: Mapping[str, Any]) -> str:
    """``text``, ``4 values``: what a value may be, in a word or two."""
    match schema:
        case {"enum": list(values)}:
            return counted(len(values), "value")
        case {"const": _}:
            return "1 value"
        case {"$ref": str(name)}:
            return name.rpartition("/")[2]
        case {"type": str(name)}:
            return _TYPES.get(name, name)
        case {"type": list(names)}:
            return " or ".join(_TYPES.get(str(each), str(each)) for each in names)
        case {"anyOf": list(kinds)} | {"oneOf": list(kinds)}:
            return f"one of {len(kinds)}"
        case _:
            return "anything"


def limit_words(schema: Mapping[str, Any]) -> str:
    """``0 or more``, ``EUR, GBP, USD``: limits of a value; empty where there are none."""
    if "enum" in schema:
        return ", ".join(each if isinstance(each, str) else json.dumps(each) for each in schema["enum"])
    return ", ".join(words.format(schema[name]) for name, words in _LIMITS.items() if name in schema)


def kept_words(days: int | None, event_days: int | None) -> str:
    """``90 days``: how long a value is kept, which is never longer than its event is."""
    known = [each for each in (days, event_days) if each is not None]
    return counted(min(known), "day") if known else "as events"


def personal_words(definition: PropertyDefinition | None) -> str:
    """The class of a property."""
    return "" if definition is None else PERSONAL[definition.personal]


def version_words(version: EventSchemaDefinition) -> str:
    """``7 enforced``."""
    return f"{version.version} {STATES[version.state]}"


def pointer_words(pointer: str) -> str:
    """A place in an event, of properties without what they all begin with; what the plan does not know has no name."""
    if pointer == f"{PROPERTIES}{UNKNOWN}":
        return "unknown property"
    return pointer.removeprefix(PROPERTIES).replace(f"/{UNKNOWN}", "/…") or "/"


def rule_words(violation: Violation | ViolationGroup) -> str:
    """``is not in the plan: “Order Completed” is``."""
    nearest, rule = violation.nearest, violation.rule
    return f"{rule}: is it “{nearest}”?" if nearest and nearest not in rule else rule


def sender_words(producer: str, app_version: str) -> str:
    """``web 5.12.0``; a dash where events do not say who sent them."""
    return f"{producer} {app_version}".strip() or "\N{EN DASH}"


def ago(at: datetime, now: datetime) -> str:
    """``12 s ago``."""
    return f"{age_words((now - at).total_seconds())} ago"


def moment(at: datetime, now: datetime) -> str:
    """``15:20`` of today, ``23 Nov 15:20`` of another day; UTC."""
    at = at.astimezone(UTC)
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at.day} {at:%b} {at:%H:%M}"


def person_words(person: str, names: Mapping[str, str]) -> str:
    """How somebody is called."""
    return system_name(person) or names.get(person) or person.replace("-", " ").capitalize()


def letters(person: str, names: Mapping[str, str]) -> str:
    """Initials of somebody."""
    return initials(person_words(person, names))


def value_words(value: Any) -> str:
    """A value as JSON has it, in one line."""
    return json.dumps(value, ensure_ascii=False)


def properties_words(event: TailedEvent) -> list[tuple[str, str | None]]:
    """Names and values of an event; ``None`` for what is masked."""
    shown: list[tuple[str, str | None]] = [(name, value_words(value)) for name, value in event.properties.items()]
    hidden: list[tuple[str, str | None]] = [("others" if name == UNKNOWN else name, None) for name in event.masked]
    return [*shown, *hidden]


def reader_words(reader: Reader) -> str:
    """What reads a property, by the name that operators know."""
    if reader.kind != "figure":
        return reader.name
    return fed_words(reader.name)


def fed_words(name: str) -> str:
    """A figure or a metric of fraud rules, as operators know it."""
    from models.figures import FigureName
    from models.figures.wording import title_of
    from models.risk.metrics import METRICS

    if name in set(FigureName):
        return title_of(FigureName(name), 7)
    return METRICS[name].title if name in METRICS else name


READERS = {"figure": "Figures", "alert_rule": "Alert rules", "fraud_rule": "Fraud rules"}
