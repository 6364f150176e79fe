"""Names of the plan as a programming language takes them."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from models.analytics import EventSchemaDefinition, SchemaState

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_ORDER: Final = (SchemaState.ENFORCED, SchemaState.OBSERVED, SchemaState.DEPRECATED)
_KEPT: Final = """
arguments await break case catch class const constructor continue debugger default delete do else enum eval export
extends false finally for function if implements import in instanceof interface let new null package private protected
public return static super switch this throw true try typeof undefined unknown var void while with yield
Analytics Any Array Call Callable Literal NotRequired PLAN_VERSION Record Required Send TypedDict Union
"""
RESERVED: Final = frozenset((*keyword.kwlist, *keyword.softkwlist, *_KEPT.split()))
"""What either language keeps for itself, and what the clients are made with."""


def newest(items: Iterable[EventSchemaDefinition]) -> list[EventSchemaDefinition]:
    """The version of each event that a sender should keep to."""
    found: dict[str, EventSchemaDefinition] = {}
    for each in sorted(items, key=lambda one: (_ORDER.index(one.state), -one.version)):
        found.setdefault(each.event_name, each)
    return [found[name] for name in sorted(found)]


def words_of(name: str) -> list[str]:
    """The words of a name, in ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _WORD.findall(plain) or ["event"]


def pascal(name: str) -> str:
    """``OrderCompleted``."""
    return _usable("".join(word[:1].upper() + word[1:].lower() for word in words_of(name)), "Event")


def camel(name: str) -> str:
    """``orderCompleted``."""
    first = pascal(name)
    return _usable(first[:1].lower() + first[1:], "event")


def snake(name: str) -> str:
    """``order_completed``."""
    return _usable("_".join(word.lower() for word in words_of(name)), "event_")


def _usable(name: str, prefix: str) -> str:
    if name[:1].isdigit():
        name = prefix + name
    return f"{name}_" if name in RESERVED else name


def unique(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number that makes it another one."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}{number}", number + 1
    return found


def one_line(text: str) -> str:
    """A description as it may stand in a comment of either language."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(plain.replace("*/", "* /").replace("/*", "/ *").replace('"', "'").replace("\\", "/").split())


def types_of(schema: object) -> Sequence[str]:
    """The JSON types that a schema says; none: any."""
    said = schema.get("type", ()) if isinstance(schema, dict) else ()
    return (said,) if isinstance(said, str) else tuple(said)
