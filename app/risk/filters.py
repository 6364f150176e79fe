"""What the queue shows: tab, order and filter; kept by name, and shared as the text of a link."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from app.core import files
from app.core.json_text import parse_json
from app.core.search import UnclosedQuoteError, search_terms

SCHEME = "opsconsole:triage"
NAME_MOST, KEPT_MOST, TEXT_MOST = 40, 50, 200
FILE = "triage-filters.json"


class Tab(StrEnum):
    """Which entries, before anything is filtered."""

    OPEN = "open"
    MINE = "mine"
    ESCALATED = "escalated"
    DUE = "due"
    SNOOZED = "snoozed"


class Sort(StrEnum):
    """By what the queue is sorted."""

    SCORE = "score"
    DUE = "due"
    AGE = "age"
    AMOUNT = "amount"


TAB_QUERY: Mapping[Tab, Mapping[str, str]] = {
    Tab.OPEN: {"status": "open", "snoozed": "false"},
    Tab.MINE: {"assignedTo": "me"},
    Tab.ESCALATED: {"status": "escalated"},
    Tab.DUE: {"dueWithin": "60"},
    Tab.SNOOZED: {"snoozed": "true"},
}
"""Parameters of ``GET /api/risk/queue`` that make a tab."""

_RANGES = {"score": ("score_min", "score_max"), "amount": ("amount_min", "amount_max"), "age": ("age_min", "age_max")}
_WORDS = {"rule": "rule", "who": "assigned_to", "action": "action"}
_NAMES = {
    "text": "text",
    "rule": "rule",
    "action": "action",
    "assigned_to": "assignedTo",
    "score_min": "scoreMin",
    "score_max": "scoreMax",
    "amount_min": "amountMin",
    "amount_max": "amountMax",
    "age_min": "ageMin",
    "age_max": "ageMax",
}
UNDERSTOOD = (
    "Understood are words, score:80-100, amount:50-200 (in whole units), age:60- (minutes), rule:velocity-card, "
    "action:block and who:me, who:none or who:ID; what has spaces goes in quotes."
)


class FilterError(ValueError):
    """What was typed is not understood; the words say what is."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """One view of the queue. Amounts are in whole units of the reporting currency."""

    tab: Tab = Tab.OPEN
    sort: Sort = Sort.SCORE
    descending: bool = True
    typed: str = ""
    """What stands in the filter field; it says everything else."""

    def query(self, *, minor_units: int = 100) -> dict[str, str]:
        """As parameters of ``GET /api/risk/queue``. Raises FilterError."""
        found = dict(TAB_QUERY[self.tab])
        for name, value in parse(self.typed).items():
            found[_NAMES[name]] = str(int(value) * minor_units) if name.startswith("amount") else value
        return found | {"sort": self.sort, "direction": "desc" if self.descending else "asc"}

    @property
    def link(self) -> str:
        """Text that another console opens."""
        params = {"tab": self.tab, "sort": self.sort, "direction": "desc" if self.descending else "asc"}
        return f"{SCHEME}?{urlencode(params | ({'filter': self.typed} if self.typed else {}))}"


def parse(typed: str) -> dict[str, str]:
    """What an operator typed, by field. Raises FilterError."""
    found: dict[str, str] = {}
    words: list[str] = []
    try:
        terms = list(search_terms(typed))
    except UnclosedQuoteError:
        raise FilterError(f"A quote is not closed. {UNDERSTOOD}") from None
    for typed_key, value in terms:
        key = typed_key.lower()
        if not key:
            words.append(value)
        elif key in _RANGES:
            found |= _range(key, value, found)
        elif key in _WORDS and value:
            if _WORDS[key] in found:
                raise FilterError(f"“{key}:” stands there twice.")
            found[_WORDS[key]] = value
        else:
            raise FilterError(f"“{key}:{value}” is not understood. {UNDERSTOOD}")
    text = " ".join(word for word in words if word)
    if len(text) > TEXT_MOST:
        raise FilterError(f"At most {TEXT_MOST} characters can be looked for; these are {len(text)}.")
    return found | ({"text": text} if text else {})


def _range(key: str, value: str, found: Mapping[str, str]) -> dict[str, str]:
    low, dash, high = value.partition("-")
    names = _RANGES[key]
    if not (low or high) or not all(part.isdecimal() and len(part) < 10 for part in (low, high) if part):
        raise FilterError(
            f"After “{key}:” stands a range of whole numbers such as {key}:50-100, {key}:50- or {key}:-100."
        )
    if any(name in found for name in names):
        raise FilterError(f"“{key}:” stands there twice.")
    if low and high and int(low) > int(high):
        raise FilterError(f"“{key}:{value}”: the smaller number stands first.")
    if not dash:
        high = low
    return {name: part for name, part in zip(names, (low, high), strict=True) if part}


def from_link(text: str) -> QueueFilter | None:
    """The filter of a link; ``None`` for text that is none. Raises FilterError for one that cannot be used."""
    text = text.strip()
    if not text.lower().startswith(f"{SCHEME}?"):
        return None
    params = dict(parse_qsl(text.partition("?")[2]))
    try:
        tab, sort = Tab(params.get("tab", "open")), Sort(params.get("sort", "score"))
    except ValueError:
        raise FilterError("This link was made by another release: its tab or order is not known here.") from None
    typed = params.get("filter", "")
    parse(typed)
    return QueueFilter(tab, sort, params.get("direction") != "asc", typed)


class SavedFilters:
    """Filters by name, in a file of the profile. What is wrong with the file costs the filters, never the start."""

    def __init__(self, profile: Path) -> None:
        self.path = profile / FILE
        self.by_name: dict[str, QueueFilter] = {}
        with suppress(OSError, ValueError, AttributeError):
            kept: Any = parse_json(self.path.read_text("utf-8"))
            for name, link in kept.items():
                with suppress(FilterError):
                    if isinstance(link, str) and (made := from_link(link)) is not None:
                        self.by_name[str(name)[:NAME_MOST]] = made

    def save(self, name: str, chosen: QueueFilter) -> None:
        """Keep one under a name, in place of an earlier one. Raises FilterError, or OSError with the reason."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_MOST:
            raise FilterError(f"Give it a name of 1 to {NAME_MOST} characters.")
        if name not in self.by_name and len(self.by_name) >= KEPT_MOST:
            raise FilterError(f"{KEPT_MOST} filters are kept; remove one first.")
        self._write({**self.by_name, name: chosen})

    def remove(self, name: str) -> None:
        """Forget one. Raises OSError."""
        self._write({known: each for known, each in self.by_name.items() if known != name})

    def _write(self, kept: dict[str, QueueFilter]) -> None:
        files.write(self.path, json.dumps({name: each.link for name, each in kept.items()}, indent=1))
        self.by_name = kept
