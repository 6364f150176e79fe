"""What differs between two snapshots of a record, as lines of two columns. No Qt: its words have tests of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.core.audit_words import sentence
from models.core.wording import counted
from views.kit.field_words import value

COUNTED = {("version",)}
"""Fields that differ with every change; the title says them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a field's name, or what stood before and what stands after. ``None``: nothing on that side."""

    kind: Literal["field", "same", "changed"]
    before: str | None
    after: str | None

    @property
    def spoken(self) -> str:
        """For whoever hears it."""
        if self.kind == "field":
            return f"{self.before}:"
        if self.kind == "same":
            return f"{self.before}, unchanged"
        parts = [f"before {self.before}" if self.before is not None else ""]
        parts.append(f"after {self.after}" if self.after is not None else "")
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Changes:
    """Lines, and how much of what did not change is not among them."""

    lines: tuple[Line, ...]
    fields_hidden: int = 0
    items_hidden: int = 0
    items_called: str = "entries"

    @property
    def hidden(self) -> str:
        """``3 fields unchanged are not shown``; empty when everything is."""
        parts = []
        if self.fields_hidden:
            parts.append(counted(self.fields_hidden, "field"))
        if self.items_hidden:
            parts.append(counted(self.items_hidden, *_one_and_more(self.items_called)))
        count = self.fields_hidden + self.items_hidden
        return f"{' and '.join(parts)} unchanged {'is' if count == 1 else 'are'} not shown" if parts else ""


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, everything: bool = False) -> Changes:
    """Field by field, lists element by element. ``everything``: also what did not change."""
    old, new = _flat(before or {}), _flat(after or {})
    lines: list[Line] = []
    fields_hidden = items_hidden = 0
    called = "entries"
    for path in dict.fromkeys([*old, *new]):
        one, other = old.get(path), new.get(path)
        if path in COUNTED and not everything:
            continue
        named = _named_beside(path, old) or _named_beside(path, new)
        if not everything and (one == other or (_empty(one) and _empty(other)) or named):
            fields_hidden += 1
            continue
        lines.append(Line("field", " · ".join(map(sentence, path)), None))
        if isinstance(one, list) or isinstance(other, list):
            found, hidden = _items(one, other, path[-1], everything=everything)
            lines += found
            if hidden:
                items_hidden, called = items_hidden + hidden, sentence(path[-1]).lower()
        elif one == other:
            lines.append(Line("same", value(one, path[-1]), value(other, path[-1])))
        else:
            # Of something new there is nothing before, and of something gone nothing after.
            lines.append(
                Line(
                    "changed",
                    value(one, path[-1]) if path in old else None,
                    value(other, path[-1]) if path in new else None,
                )
            )
    return Changes(tuple(lines), fields_hidden, items_hidden, called)


def _flat(snapshot: Mapping[str, Any], above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Nested objects by the path to each field."""
    found: dict[tuple[str, ...], Any] = {}
    for name, held in snapshot.items():
        if isinstance(held, dict) and held:
            found |= _flat(held, (*above, name))
        else:
            found[*above, name] = held
    return found


def _empty(held: Any) -> bool:
    return held is None or held in ("", [], {})


def _named_beside(path: tuple[str, ...], among: Mapping[tuple[str, ...], Any]) -> bool:
    """Whether an id has its name beside it."""
    name = path[-1]
    return name.endswith("Id") and bool(among.get((*path[:-1], f"{name[:-2]}Name")))


def _items(one: Any, other: Any, field: str, *, everything: bool) -> tuple[list[Line], int]:
    old, new = ([*map(_word, each)] if isinstance(each, list) else [each] if each else [] for each in (one, other))
    gone = [item for item in old if item not in new]
    come = [item for item in new if item not in old]
    same = [item for item in old if item in new]
    lines = [Line("same", value(item, field), value(item, field)) for item in same] if everything else []
    lines += [Line("changed", value(item, field), None) for item in gone]
    lines += [Line("changed", None, value(item, field)) for item in come]
    if not gone and not come and not everything:
        lines.append(Line("changed", "another order", "another order"))
    return lines, 0 if everything else len(same)


def _word(item: Any) -> Any:
    """An element that can be compared and shown in one line."""
    if isinstance(item, dict):
        return ", ".join(f"{' · '.join(map(sentence, path))} {value(held)}" for path, held in _flat(item).items())
    return ", ".join(map(value, item)) if isinstance(item, list) else item


def _one_and_more(called: str) -> tuple[str, str]:
    """What one and several elements of a list are called: its field's name is that of several."""
    one = f"{called[:-3]}y" if called.endswith("ies") else called.removesuffix("s")
    return one, called
