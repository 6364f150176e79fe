"""What is wrong with an event, in sentences of ours: of the schema they say all, of the event nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from backend.analytics.plan.checking import nearest
from backend.analytics.schemas import Finding
from models.analytics.events import Violation, ViolationClass
from models.core.wording import counted

_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "text",
}
_CLASSES: Final = {
    "required": ViolationClass.REQUIRED_MISSING,
    "type": ViolationClass.TYPE,
    "additionalProperties": ViolationClass.ADDITIONAL_PROPERTY,
}
SHOWN_MOST: Final = 200
"""Characters of a list of values."""


def violation(finding: Finding, *, at: str, names: frozenset[str], version: int) -> Violation:
    """A finding as it is told: names that the plan does not know are data, and not repeated."""
    close: str | None = None
    path: Iterable[str | int] = finding.path
    if finding.keyword == "required":
        path = (*finding.path, *finding.names)
    elif finding.keyword == "additionalProperties":
        path = (*finding.path, "*")
        close = next((found for name in finding.names if (found := nearest(name, names))), None)
    return Violation(
        violation_class=_CLASSES.get(finding.keyword, ViolationClass.LIMIT),
        pointer=at + "".join(f"/{_shown(part, names)}" for part in path),
        version=version,
        rule=_rule(finding.keyword, finding.limit),
        nearest=close,
    )


def _shown(part: str | int, names: frozenset[str]) -> str:
    if isinstance(part, str) and part in names:
        return part.replace("~", "~0").replace("/", "~1")
    return "*"


def _rule(keyword: str, limit: Any) -> str:
    match keyword:
        case "required":
            return "is required, and is missing"
        case "additionalProperties":
            return "is not in the plan"
        case "type":
            return f"must be {' or '.join(_TYPES.get(each, each) for each in limit)}"
        case "enum":
            return f"must be one of {_values(limit)}"
        case "const":
            return f"must be {_values([limit])}"
        case "minimum":
            return f"must be {limit} or more"
        case "maximum":
            return f"must be {limit} or less"
        case "exclusiveMinimum":
            return f"must be more than {limit}"
        case "exclusiveMaximum":
            return f"must be less than {limit}"
        case "multipleOf":
            return f"must be a multiple of {limit}"
        case "minLength":
            return f"must have {counted(limit, 'character')} or more"
        case "maxLength":
            return f"must have at most {counted(limit, 'character')}"
        case "pattern":
            return f"must match {limit}"
        case "format":
            return f"must be of the form {limit}"
        case "minItems":
            return f"must have {counted(limit, 'item')} or more"
        case "maxItems":
            return f"must have at most {counted(limit, 'item')}"
        case "uniqueItems":
            return "must not have an item twice"
        case "contains":
            return "must have an item of the kind that the plan asks for"
        case "minProperties":
            return f"must have {counted(limit, 'property', 'properties')} or more"
        case "maxProperties":
            return f"must have at most {counted(limit, 'property', 'properties')}"
        case "propertyNames":
            return "has a name that the plan does not allow"
        case "anyOf":
            return "must be one of the kinds that the plan allows"
        case "oneOf":
            return "must be exactly one of the kinds that the plan allows"
        case "not":
            return "must not be of the kind that the plan forbids"
        case _:
            return "does not fit the plan"


def _values(values: list[Any]) -> str:
    text = ", ".join(json.dumps(each, ensure_ascii=False) for each in values)
    return text if len(text) <= SHOWN_MOST else f"{text[:SHOWN_MOST]}…"
