"""JSON Schema 2020-12: the one module that touches the library.

It retrieves nothing, takes linear regular expressions only, and its own sentences are not used: they repeat names and
values. Both halves hold the interpreter while they work. Judging an event takes a microsecond; the algebra of sets may
take minutes, so that belongs in a process that can be killed (``backend.analytics.child``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import Draft202012, Draft202012Validator, RegexOptions

Schema = Mapping[str, Any] | bool

_PATTERNS: Final = RegexOptions()


class SchemaError(ValueError):
    """No schema of ours, with words for whoever writes it."""


class Containment(StrEnum):
    """Whether something holds for all events there can be."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a value."""

    keyword: str
    path: tuple[str | int, ...]
    """Where, as the sender named it: it may hold anything."""
    limit: Any = None
    """What the schema asks for."""
    names: tuple[str, ...] = ()
    """Names that are too many, or that are missing; none where an object may have no properties at all."""


class Validator:
    """A compiled schema."""

    def __init__(self, document: Schema) -> None:
        """Raises SchemaError."""
        try:
            self._compiled = Draft202012Validator(
                dict(document) if isinstance(document, Mapping) else document,
                offline=True,
                pattern_options=_PATTERNS,
                mask="…",
                validate_formats=True,
                ignore_unknown_formats=False,
            )
        except (ValueError, RecursionError) as error:
            raise SchemaError(_words(error)) from None

    def passes(self, value: Any) -> bool:
        """Whether a value fits."""
        return self._compiled.is_valid(value)

    def findings(self, value: Any) -> list[Finding]:
        """What is wrong with a value, in the order of the schema."""
        if self._compiled.is_valid(value):
            return []
        return [each for error in self._compiled.iter_errors(value) for each in _findings(error)]


def _findings(error: jsonschema_rs.ValidationError) -> Iterator[Finding]:
    path, kind = tuple(error.instance_path), error.kind
    found = kind.as_dict()
    match kind.name:
        case "required":
            yield Finding("required", path, names=(found["property"],))
        case "additionalProperties" | "unevaluatedProperties":
            for name in found["unexpected"]:
                yield Finding("additionalProperties", path, names=(name,))
        case "falseSchema" if error.schema_path[-1:] == ["additionalProperties"]:
            # As the library says it of an object that may have no properties at all: once, and without their names.
            yield Finding("additionalProperties", path)
        case "falseSchema":
            yield Finding("additionalProperties", path[:-1], names=tuple(map(str, path[-1:])))
        case "anyOf" | "oneOf" if types := _only_types(found.get("context", [])):
            yield Finding("type", path, types)
        case name:
            yield Finding(name, path, next(iter(found.values()), None))


def _only_types(branches: list[list[Any]]) -> tuple[str, ...]:
    """The types of a choice of types; empty where it is about anything else."""
    errors = [error for branch in branches for error in branch]
    if not errors or any(error.kind.name != "type" for error in errors):
        return ()
    return tuple(sorted({name for error in errors for name in error.kind.as_dict()["types"]}))


def _words(error: BaseException) -> str:
    """Why the library takes no schema. What it quotes is the plan's own text, and no event's."""
    if not isinstance(error, jsonschema_rs.ValidationError):
        return "is nested too deep"
    found, kind = error.kind.as_dict(), error.kind.name
    keyword = str(error.instance_path[-1]) if error.instance_path else ""
    match kind:
        case "format" if found.get("format") == "regex":
            return (
                "the pattern is not a regular expression that can be matched in linear time: look-around, back "
                "references and very large repetitions are not taken"
            )
        case "type":
            return f"{keyword or 'this'} must be {_types(found['types'])}"
        case "minimum" | "maximum" | "exclusiveMinimum":
            return f"{keyword} is out of range"
        case "enum" | "anyOf" if keyword == "type":
            return "type must be one of array, boolean, integer, null, number, object and string"
        case "uniqueItems":
            return f"{keyword} has something twice"
        case _:
            return f"{keyword} is not as JSON Schema has it" if keyword else "is no schema"


def _types(types: list[str]) -> str:
    return " or ".join(types)


# --- the algebra of sets; only within a child process


def covers(wide: Schema, narrow: Schema) -> Containment:
    """Whether whatever fits the narrow schema fits the wide one."""
    try:
        return Containment(str(_canonical(wide).covers(_canonical(narrow))))
    except (ValueError, RecursionError):
        return Containment.UNKNOWN


def difference(old: Schema, new: Schema) -> Any:
    """A schema of what fits the old one and not the new one; ``None`` where none can be told."""
    try:
        return _canonical(old).subtract(_canonical(new)).to_json_schema()
    except (ValueError, RecursionError):
        return None


def satisfiable(document: Schema) -> Containment:
    """Whether any value fits."""
    try:
        return Containment(str(_canonical(document).satisfiability()))
    except (ValueError, RecursionError):
        return Containment.UNKNOWN


def _canonical(document: Schema) -> jsonschema_rs.CanonicalSchema:
    return jsonschema_rs.canonicalize(
        dict(document) if isinstance(document, Mapping) else document,
        draft=Draft202012,
        offline=True,
        pattern_options=_PATTERNS,
        validate_formats=True,
    )
