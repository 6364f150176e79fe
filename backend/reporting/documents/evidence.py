"""Where the evidence says that a customer is. The figure follows what was charged; this is a work list."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What evidence comes to."""

    PLACE = "place"
    CONTRADICTS = "contradicts"
    MISSING = "missing"


class Place(NamedTuple):
    """What was found."""

    verdict: Verdict
    country: str | None = None


def place(items: Iterable[tuple[str, str]], *, one_is_enough: bool = False) -> Place:
    """The country that two items of different kinds agree on.

    Args:
        items: Kind and country of each; several of one kind that agree count once.
        one_is_enough: For sellers of up to 100 000 euros a year.
    """
    kinds: dict[str, set[str]] = {}
    for kind, country in items:
        kinds.setdefault(country.split("-", 1)[0], set()).add(kind)
    if not kinds:
        return Place(Verdict.MISSING)
    proven = [country for country, of in kinds.items() if len(of) >= 2]
    if len(proven) == 1:
        return Place(Verdict.PLACE, proven[0])
    if len(kinds) == 1:
        return Place(Verdict.PLACE, next(iter(kinds))) if one_is_enough else Place(Verdict.MISSING)
    return Place(Verdict.CONTRADICTS)
