"""The JSON Schema of an event, made from its properties; with references in their place where sets are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from models.analytics import DIALECT, EventContent, EventSchemaDefinition

NODES_MOST: Final = 5_000
"""Schemas within the schema of an event, references put in their place."""
REFERENCE: Final = "#/$defs/"
APPLIED_TO_MANY: Final = frozenset({"properties", "patternProperties", "$defs"})
"""Keywords whose value has schemas by name."""
APPLIED_TO_LIST: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
APPLIED: Final = frozenset({"additionalProperties", "propertyNames", "items", "contains", "not"})


class TooLargeError(ValueError):
    """The references of a schema unfold to more than anybody can read."""


def document_of(content: EventContent | EventSchemaDefinition) -> dict[str, Any]:
    """The schema of the properties of an event, as one document."""
    document: dict[str, Any] = {
        "$schema": DIALECT,
        "description": content.description,
        "type": "object",
        "properties": {each.name: schema_of(each.value_schema, each.description) for each in content.properties},
        "required": [each.name for each in content.properties if each.required],
        "additionalProperties": content.additional_properties,
    }
    if content.definitions:
        document["$defs"] = dict(content.definitions)
    return document


def schema_of(value_schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """The schema of a property, with what it is for."""
    return {"description": description, **value_schema} if description else dict(value_schema)


def unfolded(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same with each reference in its place, without what says nothing about values. No reference may be a circle.

    Raises TooLargeError.
    """
    definitions = document.get("$defs", {})
    count = 0

    def unfold(schema: Any) -> Any:
        nonlocal count
        count += 1
        if count > NODES_MOST:
            raise TooLargeError
        if not isinstance(schema, Mapping):
            return schema
        found: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in ANNOTATIONS or keyword in {"$ref", "$defs"}:
                continue
            if keyword in APPLIED_TO_MANY:
                found[keyword] = {name: unfold(each) for name, each in value.items()}
            elif keyword in APPLIED_TO_LIST:
                found[keyword] = [unfold(each) for each in value]
            else:
                found[keyword] = unfold(value) if keyword in APPLIED else value
        if "$ref" in schema:
            target = unfold(definitions[schema["$ref"].removeprefix(REFERENCE)])
            if not found:
                return target
            found["allOf"] = [*found.get("allOf", []), target]
        return found

    unfolding: dict[str, Any] = unfold(document)
    return unfolding


ANNOTATIONS: Final = frozenset({"$schema", "$comment", "title", "description", "default", "examples", "deprecated"})


def known_names(document: Any) -> frozenset[str]:
    """All names of properties that a schema knows, at any depth."""
    names: set[str] = set()
    waiting = [document]
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, Mapping):
            names.update(schema.get("required", ()))
            for keyword, value in schema.items():
                if keyword in APPLIED_TO_MANY:
                    if keyword == "properties":
                        names.update(value)
                    waiting += value.values()
                elif keyword in APPLIED_TO_LIST:
                    waiting += value
                elif keyword in APPLIED:
                    waiting.append(value)
    return frozenset(names)
