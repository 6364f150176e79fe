"""What values have in common: types, presence, few distinct words, ranges. Pure, and forgets the values.

What looks as if it says something about a person is told by its name and its form, and never kept as a choice of words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from models.analytics import PersonalClass, PropertyDefinition

WORDS_MOST: Final = 12
"""Distinct texts that are still a choice; more are text."""
SEEN_LEAST: Final = 20
"""Values before anything is said about their range or choice."""
PROPERTIES_MOST: Final = 100
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ .-]{0,59}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,31}")
_FORMS: Final = (
    ("date-time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("uuid", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("email", re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")),
    ("uri", re.compile(r"https?://\S+")),
    ("ipv4", re.compile(r"\d{1,3}(\.\d{1,3}){3}")),
)
_SAYS_WHO = re.compile(r"(?i)(e-?mail|phone|name$|^name|address|street|zip|postcode|birth|iban|card|passport)")
_STANDS_FOR_WHO = re.compile(
    r"(?i)(user|customer|device|session|anonymous|visitor|client|account)_?-?(id|key)?$|^ip$|_ip$"
)


@dataclass(slots=True)
class Shape:
    """What was seen of one value."""

    types: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    more_words: bool = False
    forms: Counter[str] = field(default_factory=Counter)
    longest: int = 0
    low: float | None = None
    high: float | None = None
    properties: dict[str, Shape] = field(default_factory=dict)
    item: Shape | None = None

    @property
    def seen(self) -> int:
        """How often there was a value."""
        return self.types.total()

    def add(self, value: Any) -> None:
        """See one more."""
        match value:
            case None:
                self.types["null"] += 1
            case bool():
                self.types["boolean"] += 1
            case int() | float():
                self.types["integer" if isinstance(value, int) else "number"] += 1
                self.low = value if self.low is None else min(self.low, value)
                self.high = value if self.high is None else max(self.high, value)
            case str():
                self.types["string"] += 1
                self._add_text(value)
            case list():
                self.types["array"] += 1
                self.item = self.item or Shape()
                for each in value:
                    self.item.add(each)
            case dict():
                self.types["object"] += 1
                for name, each in value.items():
                    # Names may be data too: what does not look like one of a program is passed over.
                    if _NAME.fullmatch(name) and (name in self.properties or len(self.properties) < PROPERTIES_MOST):
                        self.properties.setdefault(name, Shape()).add(each)
            case _:
                pass

    def _add_text(self, value: str) -> None:
        self.longest = max(self.longest, len(value))
        form = next((name for name, form in _FORMS if form.fullmatch(value)), None)
        if form is not None:
            self.forms[form] += 1
        elif not self.more_words and (value in self.words or len(self.words) < WORDS_MOST):
            if _WORD.fullmatch(value):
                self.words[value] += 1
            else:
                self.more_words = True
        else:
            self.more_words = True
        if self.more_words:
            self.words.clear()

    def schema(self, name: str = "") -> dict[str, Any]:
        """As JSON Schema. Of a range only its sign is said: the largest value of yesterday is no limit."""
        types = sorted(self.types)
        if "number" in types and "integer" in types:
            types.remove("integer")
        found: dict[str, Any] = {"type": types[0] if len(types) == 1 else types} if types else {}
        if self.types["string"]:
            found |= self._text_schema(name)
        if self.low is not None and self.low >= 0 and self.seen >= SEEN_LEAST:
            found["minimum"] = 0
        if self.types["object"]:
            found["properties"] = {each: shape.schema(each) for each, shape in sorted(self.properties.items())}
            always = [each for each, shape in self.properties.items() if shape.seen == self.types["object"]]
            if always and self.types["object"] >= SEEN_LEAST:
                found["required"] = sorted(always)
        if self.item is not None and self.item.seen:
            found["items"] = self.item.schema()
        return found

    def _text_schema(self, name: str) -> dict[str, Any]:
        texts = self.types["string"]
        if len(self.forms) == 1 and self.forms.total() == texts:
            return {"format": next(iter(self.forms))}
        # A choice of words is one when each came often, and when it says nothing about who somebody is.
        chosen = (
            not self.forms and not self.more_words and texts >= SEEN_LEAST and min(self.words.values(), default=0) > 2
        )
        if chosen and len(self.types) == 1 and class_of(name, self) is PersonalClass.NONE:
            return {"enum": sorted(self.words)}
        return {"maxLength": max(64, 2 ** (self.longest - 1).bit_length())}


def class_of(name: str, shape: Shape) -> PersonalClass:
    """What a property most likely says about a person; somebody has to look at it."""
    if shape.forms["email"] or _SAYS_WHO.search(name):
        return PersonalClass.PERSONAL
    if shape.forms["ipv4"] or _STANDS_FOR_WHO.search(name):
        return PersonalClass.PSEUDONYMOUS
    return PersonalClass.NONE


def infer(events: Iterable[Any]) -> tuple[PropertyDefinition, ...]:
    """Properties out of those of events."""
    whole = Shape()
    for each in events:
        if isinstance(each, dict):
            whole.add(each)
    found = []
    for name, shape in sorted(whole.properties.items()):
        personal = class_of(name, shape)
        found.append(
            PropertyDefinition(
                name=name,
                required=shape.seen == whole.seen and whole.seen >= SEEN_LEAST,
                value_schema=shape.schema(name),
                personal=personal,
                purpose="Inferred: say what it is collected for" if personal is PersonalClass.PERSONAL else "",
            )
        )
    return tuple(found)
