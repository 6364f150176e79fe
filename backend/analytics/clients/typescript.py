"""A client in TypeScript, without any library: it types events and hands them to whatever sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from backend.analytics.clients.names import camel, newest, one_line, pascal, types_of, unique
from backend.analytics.plan.checking import CALLS
from backend.analytics.plan.documents import REFERENCE
from models.analytics import EventSchemaDefinition, TrackingPlan

_PLAIN: Final = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}
_HEAD = """\
// Made by opsconsole from version {version} of the tracking plan. Do not change it: make it anew.
/* eslint-disable */

export const PLAN_VERSION = {version};

/** A call as Segment's HTTP API takes it. */
export interface Call {{
  type: string;
  event?: string;
  messageId: string;
  timestamp: string;
  userId?: string;
  anonymousId?: string;
  context: {{ [name: string]: unknown }};
  properties?: {{ [name: string]: unknown }};
  traits?: {{ [name: string]: unknown }};
}}

export type Send = (call: Call) => void;
"""
_CLASS = """
/** Events of the plan, one method each. */
export class Analytics {
  constructor(
    private readonly send: Send,
    private readonly app: { name: string; version: string },
    public who: { userId?: string; anonymousId?: string } = {},
  ) {}

  private call(
    type: string,
    event: string | undefined,
    version: number,
    where: "properties" | "traits",
    what: object,
  ): void {
    this.send({
      type,
      ...(event === undefined ? {} : { event }),
      messageId: globalThis.crypto.randomUUID(),
      timestamp: new Date().toISOString(),
      ...this.who,
      context: { app: this.app, eventVersion: version },
      [where]: what as { [name: string]: unknown },
    });
  }
"""


def typescript_client(plan: TrackingPlan) -> str:
    """The source of one module."""
    parts, methods = [_HEAD.format(version=plan.version)], [_CLASS]
    types: set[str] = set()
    names: set[str] = {"call", "send", "app", "who"}
    for event in newest(plan.items):
        name = unique(pascal(event.event_name), types)
        types.add(name)
        parts.append(_interface(name, event, types))
        method = unique(camel(event.event_name), names)
        names.add(method)
        methods.append(_method(method, name, event))
    return "".join((*parts, *methods, "}\n"))


def _interface(name: str, event: EventSchemaDefinition, types: set[str]) -> str:
    definitions: dict[str, str] = {}
    for defined in event.definitions:
        definitions[defined] = unique(name + pascal(defined), types)
        types.add(definitions[defined])
    shared = "".join(
        f"\nexport type {alias} = {_type(event.definitions[defined], definitions)};\n"
        for defined, alias in definitions.items()
    )
    lines = []
    for each in event.properties:
        if words := one_line(each.description):
            lines.append(f"  /** {words} */")
        lines.append(
            f"  {json.dumps(each.name)}{'' if each.required else '?'}: {_type(each.value_schema, definitions)};"
        )
    if event.additional_properties:
        lines.append("  [name: string]: unknown;")
    return f"{shared}\n/** {one_line(event.description)} */\nexport interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _method(method: str, name: str, event: EventSchemaDefinition) -> str:
    call = event.event_name if event.event_name in CALLS else "track"
    said = "undefined" if event.event_name in CALLS else json.dumps(event.event_name)
    where = "traits" if call in {"identify", "group"} else "properties"
    return (
        f"\n  /** {one_line(event.description)} */\n"
        f"  {method}(what: {name}): void {{\n"
        f'    this.call("{call}", {said}, {event.version}, "{where}", what);\n'
        "  }\n"
    )


def _type(schema: Any, definitions: Mapping[str, str]) -> str:
    if not isinstance(schema, Mapping):
        return "never" if schema is False else "unknown"
    if "$ref" in schema:
        return definitions[schema["$ref"].removeprefix(REFERENCE)]
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(_literal(each) for each in schema["enum"]) or "never"
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " | ".join(f"({_type(each, definitions)})" for each in schema[choice])
    found = [_typed(kind, schema, definitions) for kind in types_of(schema)]
    return " | ".join(dict.fromkeys(found)) or "unknown"


def _typed(kind: str, schema: Mapping[str, Any], definitions: Mapping[str, str]) -> str:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "array":
        return f"Array<{_type(schema.get('items', True), definitions)}>"
    required = schema.get("required", ())
    fields = [
        f"{json.dumps(name)}{'' if name in required else '?'}: {_type(each, definitions)}"
        for name, each in schema.get("properties", {}).items()
    ]
    if schema.get("additionalProperties", True) is not False:
        fields.append("[name: string]: unknown")
    return "{ " + "; ".join(fields) + " }"


def _literal(value: Any) -> str:
    return "unknown" if isinstance(value, dict | list) else json.dumps(value)
