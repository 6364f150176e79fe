"""An event as people may look at it: values of personal properties, and what the plan does not know, are left out."""

from __future__ import annotations

from typing import Any

from backend.analytics.validation.compiled import CompiledVersion


def masked(value: Any, by: CompiledVersion | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What may be shown, and the names of known properties whose values may not; ``*`` stands for unknown ones."""
    if not isinstance(value, dict) or by is None:
        return {}, ("*",) if value else ()
    known = {each.name for each in by.definition.properties}
    shown = {name: _inner(each, by.names) for name, each in value.items() if name in known and name not in by.hidden}
    hidden = sorted(name for name in value if name in by.hidden)
    return shown, (*hidden, *(("*",) if value.keys() - known else ()))


def _inner(value: Any, names: frozenset[str]) -> Any:
    """What is inside a property: of objects, only the names that the plan knows."""
    match value:
        case dict():
            return {name: _inner(each, names) for name, each in value.items() if name in names}
        case list():
            return [_inner(each, names) for each in value]
        case _:
            return value
