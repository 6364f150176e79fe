"""Whether whatever fits one schema fits another: plain objects are taken apart, the rest is for the algebra of sets.

A *no* comes with a value that both validators were asked about; where none is found it is *unknown*, and whoever asks
takes that for a no. Only within a child process: the algebra may take minutes, and holds the interpreter meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from backend.analytics.compatibility.examples import values
from backend.analytics.schemas import Containment, SchemaError, Validator, covers, difference, satisfiable

_OBJECT: Final = frozenset({"type", "properties", "required", "additionalProperties"})
_ARRAY: Final = frozenset({"type", "items", "minItems", "maxItems"})
DIFFERENCE_MOST: Final = 50_000
"""Characters of a difference of two schemas that is still looked through for values."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Whether all that fits the old schema fits the new one."""

    answer: Containment
    witness: Any = None
    """Of a no: it fits the old one, and not the new one."""


_YES: Final = Inclusion(Containment.YES)
_UNKNOWN: Final = Inclusion(Containment.UNKNOWN)


def included(old: Any, new: Any) -> Inclusion:
    """Compare two schemas without references or annotations."""
    if old == new or new is True or new == {} or old is False:
        return _YES
    taken_apart = _objects(old, new) if _is_plain_object(old) and _is_plain_object(new) else None
    if taken_apart is None and _is_plain_array(old) and _is_plain_array(new):
        taken_apart = _arrays(old, new)
    found = _whole(old, new) if taken_apart is None else taken_apart
    if found.answer is not Containment.NO:
        return found
    # Whatever way it was found, it counts only when both say so.
    return found if _tells_apart(old, new, found.witness) else _UNKNOWN


def closed(schema: Any) -> Any:
    """The same for events as it describes them: plain objects have no properties besides those they name.

    Only plain objects are closed; within a choice or a conjunction that would empty it.
    """
    if _is_plain_object(schema):
        properties = {name: closed(each) for name, each in schema.get("properties", {}).items()}
        return {**schema, "properties": properties, "additionalProperties": False}
    if _is_plain_array(schema) and "items" in schema:
        return {**schema, "items": closed(schema["items"])}
    return schema


def example(schema: Any) -> tuple[bool, Any]:
    """A value that fits, and whether one was found."""
    try:
        validator = Validator(schema)
    except SchemaError:
        return False, None
    return next(((True, each) for each in values(schema) if validator.passes(each)), (False, None))


def can_be_satisfied(schema: Any) -> Containment:
    """Whether any value fits."""
    return Containment.YES if example(schema)[0] else satisfiable(schema)


def compare(old: Any, new: Any) -> dict[str, Any]:
    """Both verdicts, as they come out of a child process."""
    strict, described = included(old, new), included(closed(old), new)
    return {
        name: {"answer": str(found.answer), "witness": found.witness}
        for name, found in (("strict", strict), ("described", described))
    }


def _is_plain_object(schema: Any) -> bool:
    return (
        isinstance(schema, Mapping)
        and schema.get("type") == "object"
        and schema.keys() <= _OBJECT
        and isinstance(schema.get("additionalProperties", True), bool)
    )


def _is_plain_array(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "array" and schema.keys() <= _ARRAY


def _objects(old: Mapping[str, Any], new: Mapping[str, Any]) -> Inclusion | None:
    """Property by property; ``None`` where no object is known that fits the old one, and this proves nothing."""
    found, base = example(old)
    if not found:
        return None
    if missing := [name for name in new.get("required", ()) if name not in old.get("required", ())]:
        return Inclusion(Containment.NO, {name: value for name, value in base.items() if name != missing[0]})
    open_before, open_now = old.get("additionalProperties", True), new.get("additionalProperties", True)
    named_before, named_now = old.get("properties", {}), new.get("properties", {})
    if open_before and not open_now:
        name = next(each for each in _fresh_names() if each not in named_before and each not in named_now)
        return Inclusion(Containment.NO, {**base, name: 1})
    answer = _YES
    for name in dict.fromkeys((*named_before, *named_now)):
        inner = included(named_before.get(name, open_before), named_now.get(name, open_now))
        if inner.answer is Containment.NO:
            return Inclusion(Containment.NO, {**base, name: inner.witness})
        if inner.answer is Containment.UNKNOWN:
            answer = _UNKNOWN
    return answer


def _fresh_names() -> Iterator[str]:
    yield "other"
    yield from (f"other_{number}" for number in range(2, 10_000))


def _arrays(old: Mapping[str, Any], new: Mapping[str, Any]) -> Inclusion | None:
    least, most = old.get("minItems", 0), old.get("maxItems", float("inf"))
    item_found, item = example(old.get("items", True))
    if least > most or not item_found:
        return None
    if new.get("minItems", 0) > least:
        return Inclusion(Containment.NO, [item] * int(least))
    if (most_now := new.get("maxItems", float("inf"))) < most:
        return Inclusion(Containment.NO, [item] * (int(most_now) + 1))
    if most == 0:
        return _YES
    inner = included(old.get("items", True), new.get("items", True))
    if inner.answer is Containment.NO:
        return Inclusion(Containment.NO, [inner.witness] * max(int(least), 1))
    return inner


def _whole(old: Any, new: Any) -> Inclusion:
    if covers(new, old) is Containment.YES:
        return _YES
    rest = difference(old, new)
    apart = rest if len(str(rest)) <= DIFFERENCE_MOST else None
    for value in chain(values(apart) if apart is not None else (), values(old), values(new)):
        if _tells_apart(old, new, value):
            return Inclusion(Containment.NO, value)
    return _UNKNOWN


def _tells_apart(old: Any, new: Any, value: Any) -> bool:
    try:
        return Validator(old).passes(value) and not Validator(new).passes(value)
    except (SchemaError, ValueError):
        return False
