"""What is wrong with a version before anybody compiles it: the library takes a good deal in silence."""

from __future__ import annotations

import difflib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from backend.analytics.plan.documents import (
    ANNOTATIONS,
    APPLIED,
    APPLIED_TO_LIST,
    APPLIED_TO_MANY,
    REFERENCE,
    TooLargeError,
    document_of,
    unfolded,
)
from backend.analytics.schemas import SchemaError, Validator
from backend.core.problems import invalid
from models.analytics import DIALECT, EventContent
from models.core.problems import FieldError

DOCUMENT_BYTES_MOST: Final = 256 * 1024
SCHEMAS_DEEP_MOST: Final = 24
CALLS: Final = ("identify", "group", "alias", "page", "screen")
"""What Segment calls what is no track event: the plan has each under this name."""
_ASSERTIONS: Final = frozenset(
    {
        "type", "enum", "const",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength", "maxLength", "pattern", "format",
        "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
        "required", "minProperties", "maxProperties", "dependentRequired",
    }
)  # fmt: skip
FORMATS: Final = frozenset(
    {
        "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
        "uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer",
        "relative-json-pointer", "regex",
    }
)  # fmt: skip
KEYWORDS: Final = _ASSERTIONS | ANNOTATIONS | APPLIED | APPLIED_TO_LIST | (APPLIED_TO_MANY - {"$defs"}) | {"$ref"}


def check_content(content: EventContent) -> Validator:
    """The compiled schema of a version. Raises ProblemError 422 that names everything that is wrong with it."""
    errors = [*_names(content), *_schemas(content)]
    if errors:
        problem = invalid(errors[0].pointer, errors[0].message)
        problem.errors = tuple(errors)
        raise problem
    document = document_of(content)
    try:
        if len(json.dumps(document)) > DOCUMENT_BYTES_MOST:
            raise invalid("/properties", f"the whole schema has more than {DOCUMENT_BYTES_MOST // 1024} KB")
        unfolded(document)
    except TooLargeError:
        raise invalid("/definitions", "with each reference in its place it is larger than anybody can read") from None
    try:
        return Validator(document)
    except SchemaError as error:
        raise invalid("/properties", str(error)) from None


def at_of(event_name: str) -> str:
    """Where the properties of an event stand in it."""
    return "/traits" if event_name in {"identify", "group"} else "/properties"


def same_name(name: str) -> str:
    """Names that differ only in case or in Unicode form have this in common."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name that is most like another one, however its words are joined."""
    by_key = {_joined(each): each for each in names}
    found = difflib.get_close_matches(_joined(name[:200]), by_key, 1, 0.75)
    return by_key[found[0]] if found else None


def _joined(name: str) -> str:
    return "".join(each for each in same_name(name) if each.isalnum())


def _names(content: EventContent) -> Iterator[FieldError]:
    seen: dict[str, str] = {}
    for number, each in enumerate(content.properties):
        earlier = seen.get(same_name(each.name))
        if earlier is not None:
            words = "stands here twice" if earlier == each.name else f"is told from “{earlier}” by nobody who reads it"
            yield _error(f"/properties/{number}/name", f"the name {words}")
        seen[same_name(each.name)] = each.name


def _schemas(content: EventContent) -> Iterator[FieldError]:
    names = frozenset(content.definitions)
    for number, each in enumerate(content.properties):
        at = f"/properties/{number}/schema"
        found = [*_walk(each.value_schema, at, names)]
        yield from found or _compiles(each.value_schema, content.definitions, at)
    for name, schema in content.definitions.items():
        at = f"/definitions/{_escaped(name)}"
        yield from _walk(schema, at, names)
        if name in _reached(name, content.definitions):
            yield _error(at, "refers to itself, by whatever way: events have a depth that is known")


def _compiles(schema: Mapping[str, Any], definitions: Mapping[str, Any], at: str) -> Iterator[FieldError]:
    if any(name in _reached(name, definitions) for name in definitions):
        return  # said where it stands
    try:
        Validator({"$defs": dict(definitions), "properties": {"value": dict(schema)}} if definitions else schema)
    except SchemaError as error:
        yield _error(at, str(error))


def _walk(schema: Any, at: str, definitions: frozenset[str], depth: int = 1) -> Iterator[FieldError]:
    """Everything in a schema that would be taken in silence, or that could not be taken apart."""
    if isinstance(schema, bool):
        return
    if depth > SCHEMAS_DEEP_MOST:
        yield _error(at, f"schemas may be nested {SCHEMAS_DEEP_MOST} deep")
        return
    if not isinstance(schema, Mapping):
        yield _error(at, "a schema is an object, true or false")
        return
    for keyword, value in schema.items():
        here = f"{at}/{_escaped(keyword)}"
        if keyword not in KEYWORDS:
            close = difflib.get_close_matches(keyword, KEYWORDS, 1)
            yield _error(here, f"there is no such keyword here{f': did you mean {close[0]}?' if close else ''}")
        elif keyword == "$schema" and value != DIALECT:
            yield _error(here, f"only {DIALECT} is spoken here")
        elif keyword == "format" and value not in FORMATS:
            yield _error(here, f"the format is not one of {', '.join(sorted(FORMATS))}")
        elif keyword == "$ref":
            if not isinstance(value, str) or not value.startswith(REFERENCE):
                yield _error(
                    here, f"refer to a definition of this event, as {REFERENCE}name: nothing else is looked up"
                )
            elif value.removeprefix(REFERENCE) not in definitions:
                yield _error(here, "there is no such definition in this event")
        elif keyword in APPLIED_TO_MANY:
            if not isinstance(value, Mapping):
                yield _error(here, "must be an object")
                continue
            for name, each in value.items():
                yield from _walk(each, f"{here}/{_escaped(name)}", definitions, depth + 1)
            yield from _told_apart(value, here)
        elif keyword in APPLIED_TO_LIST:
            if not isinstance(value, list) or not value:
                yield _error(here, "must be a list of schemas")
                continue
            for number, each in enumerate(value):
                yield from _walk(each, f"{here}/{number}", definitions, depth + 1)
        elif keyword in APPLIED:
            yield from _walk(value, here, definitions, depth + 1)


def _told_apart(names: Iterable[str], at: str) -> Iterator[FieldError]:
    seen: dict[str, str] = {}
    for name in names:
        earlier = seen.setdefault(same_name(name), name)
        if earlier != name:
            yield _error(f"{at}/{_escaped(name)}", f"is told from “{earlier}” by nobody who reads it")


def _reached(name: str, definitions: Mapping[str, Any]) -> set[str]:
    """Definitions that one refers to, by whatever way."""
    reached: set[str] = set()
    waiting: list[Any] = [definitions.get(name)]
    while waiting:
        match waiting.pop():
            case Mapping() as schema:
                reference = schema.get("$ref")
                if isinstance(reference, str) and (target := reference.removeprefix(REFERENCE)) not in reached:
                    reached.add(target)
                    waiting.append(definitions.get(target))
                waiting += schema.values()
            case list() as schemas:
                waiting += schemas
            case _:
                pass
    return reached


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _error(pointer: str, message: str) -> FieldError:
    return FieldError(pointer=pointer, code="invalid", message=message)
