"""A client in Python, standard library only: it types events and hands them to whatever sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backend.analytics.clients.names import newest, one_line, pascal, snake, types_of, unique
from backend.analytics.plan.checking import CALLS
from backend.analytics.plan.documents import REFERENCE
from models.analytics import EventSchemaDefinition, TrackingPlan

_PLAIN: Final = {"string": "str", "number": "float", "integer": "int", "boolean": "bool", "null": "None"}
_HEAD = '''\
"""Made by opsconsole from version {version} of the tracking plan. Do not change it: make it anew."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Callable, Literal, NotRequired, Required, TypedDict, Union
from uuid import uuid4

PLAN_VERSION = {version}

Send = Callable[[dict[str, Any]], None]
'''
_CLASS = '''

class Analytics:
    """Events of the plan, one method each."""

    def __init__(
        self,
        send: Send,
        *,
        app: str,
        app_version: str,
        user_id: str | None = None,
        anonymous_id: str | None = None,
    ) -> None:
        self._send = send
        self._app = {"name": app, "version": app_version}
        self.user_id = user_id
        self.anonymous_id = anonymous_id

    def _call(self, kind: str, event: str | None, version: int, where: str, what: object) -> None:
        call: dict[str, Any] = {
            "type": kind,
            "messageId": str(uuid4()),
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "context": {"app": self._app, "eventVersion": version},
            where: what,
        }
        for name, value in (("event", event), ("userId", self.user_id), ("anonymousId", self.anonymous_id)):
            if value is not None:
                call[name] = value
        self._send(call)
'''


class _Types:
    """The TypedDicts of one module; what is nested gets a name of its own, and stands before what needs it."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.sources: list[str] = []

    def reserve(self, name: str) -> str:
        """A name that nobody else has."""
        found = unique(name, self.names)
        self.names.add(found)
        return found

    def add(self, name: str, fields: list[tuple[str, str, bool]], words: str = "") -> None:
        """A type with fields: name, type, and whether it is there always."""
        lines = [f"    {each!r}: {'Required' if needed else 'NotRequired'}[{kind}]," for each, kind, needed in fields]
        source = f"\n{name} = TypedDict(\n    {name!r},\n    {{\n" + "".join(f"    {line}\n" for line in lines)
        self.sources.append(f"{source}    }},\n)\n" + (f'"""{words}"""\n' if words else ""))

    def of(self, schema: Any, name: str, definitions: Mapping[str, str]) -> str:
        """The type of a schema; ``name`` is what a TypedDict for it would be called."""
        if not isinstance(schema, Mapping):
            return "Any"
        if "$ref" in schema:
            return definitions[schema["$ref"].removeprefix(REFERENCE)]
        if "const" in schema or "enum" in schema:
            return _literals([schema["const"]] if "const" in schema else schema["enum"])
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return _union([self.of(each, f"{name}Choice", definitions) for each in schema[choice]])
        return _union([self._typed(kind, schema, name, definitions) for kind in types_of(schema)])

    def _typed(self, kind: str, schema: Mapping[str, Any], name: str, definitions: Mapping[str, str]) -> str:
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind == "array":
            return f"list[{self.of(schema.get('items', True), f'{name}Item', definitions)}]"
        if not schema.get("properties") or schema.get("additionalProperties", True) is not False:
            return "dict[str, Any]"  # a TypedDict takes no names besides its own
        own, required = self.reserve(name), schema.get("required", ())
        fields = [
            (each, self.of(inner, name + pascal(each), definitions), each in required)
            for each, inner in schema["properties"].items()
        ]
        self.add(own, fields)
        return own


def python_client(plan: TrackingPlan) -> str:
    """The source of one module, for Python from 3.11 on."""
    types, methods = _Types(), [_CLASS]
    names: set[str] = {"user_id", "anonymous_id"}
    for event in newest(plan.items):
        name = types.reserve(pascal(event.event_name))
        _add_event(types, name, event)
        method = unique(snake(event.event_name), names)
        names.add(method)
        methods.append(_method(method, name, event))
    return "".join((_HEAD.format(version=plan.version), *types.sources, *methods))


def _add_event(types: _Types, name: str, event: EventSchemaDefinition) -> None:
    definitions: dict[str, str] = {}
    # A definition may refer to others, and to none that refers to it: each waits for those it needs.
    waiting = dict(event.definitions)
    while waiting:
        for each, schema in list(waiting.items()):
            if not _references(schema) & waiting.keys():
                definitions[each] = types.of(schema, name + pascal(each), definitions)
                del waiting[each]
    fields = [
        (each.name, types.of(each.value_schema, name + pascal(each.name), definitions), each.required)
        for each in event.properties
    ]
    types.add(name, fields, one_line(event.description))


def _references(schema: Any) -> set[str]:
    match schema:
        case Mapping():
            own = {schema["$ref"].removeprefix(REFERENCE)} if isinstance(schema.get("$ref"), str) else set[str]()
            return own.union(*(_references(each) for each in schema.values()))
        case list():
            return set[str]().union(*(_references(each) for each in schema))
        case _:
            return set()


def _method(method: str, name: str, event: EventSchemaDefinition) -> str:
    call = event.event_name if event.event_name in CALLS else "track"
    said = None if event.event_name in CALLS else event.event_name
    where = "traits" if call in {"identify", "group"} else "properties"
    return (
        f"\n    def {method}(self, what: {name}) -> None:\n"
        f'        """{one_line(event.description)}"""\n'
        f"        self._call({call!r}, {said!r}, {event.version}, {where!r}, what)\n"
    )


def _union(types: list[str]) -> str:
    found = list(dict.fromkeys(types))
    if not found:
        return "Any"
    return found[0] if len(found) == 1 else f"Union[{', '.join(found)}]"


def _literals(values: list[Any]) -> str:
    if any(isinstance(each, dict | list | float) for each in values):
        return "Any"
    return f"Literal[{', '.join(map(repr, values))}]" if values else "Any"
