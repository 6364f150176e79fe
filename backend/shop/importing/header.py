"""Which line of a file is its header, and which of its columns holds what."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from models.core.normal_form import visible

DELIMITERS: Final = (",", ";", "\t", "|")


class ImportFailedError(Exception):
    """The file was not imported, and nothing of it is left; the words name the line."""

    def __init__(self, words: str, unclear: Iterable[str] = ()) -> None:
        super().__init__(words)
        self.unclear = tuple(sorted(unclear))
        """Options that say what the file does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which columns somebody looks for."""

    names: Mapping[str, Sequence[str]]
    """What the column of each field may be called, the likeliest first."""
    needed: Sequence[str]
    """Fields that a file must have."""
    given: frozenset[str] = frozenset()
    """Fields whose column was said: it must be there."""
    preset: str = ""
    """Whose export it is said to be."""


@dataclass(frozen=True, slots=True)
class Header:
    """A line that may be the header."""

    delimiter: str
    cells: list[str]
    matches: int
    begin: int
    """Lines before it."""
    end: int


class Columns(NamedTuple):
    """What was found of the columns that are wanted."""

    places: dict[str, int]
    names: dict[str, str]
    """What the file calls them; of those it has not, what they would be called."""
    unread: tuple[str, ...]
    """Columns that are nobody's; first those that are called like a field."""
    alike: tuple[str, ...]
    """These."""


def find_header(head: list[str], delimiters: Iterable[str], wanted: Wanted) -> Header:
    """The line with the most of the columns that are needed, and how it is separated."""
    tries = [_best(head, each, wanted) for each in delimiters]
    return max(tries, key=lambda each: (each.matches, len(each.cells)))


def _best(head: list[str], delimiter: str, wanted: Wanted) -> Header:
    """The first row with all columns that are needed; else the one with most of them."""
    best = Header(delimiter, [], -1, 0, 0)
    known = [{_key(name) for name in wanted.names[field]} for field in wanted.needed]
    reader, begin = csv.reader(head, delimiter=delimiter), 0
    try:
        for row in reader:
            cells = [visible(cell) for cell in row]
            keys = {_key(cell) for cell in cells}
            matches = sum(not keys.isdisjoint(each) for each in known)
            if any(cells) and matches > best.matches:
                best = Header(delimiter, cells, matches, begin, reader.line_num)
            begin = reader.line_num
    except csv.Error:
        pass  # what stands before a header need not be a table; a broken table is told of when it is read
    return best


def columns_of(header: Header, wanted: Wanted) -> Columns:
    """Where the columns are. Raises ImportFailedError when one is missing, or two could be meant."""
    cells = header.cells
    places, names = dict[str, int](), dict[str, str]()
    for field, called in wanted.names.items():
        place = _place(header, called)
        names[field] = called[0] if place is None else cells[place]
        if place is not None:
            places[field] = place
    if absent := [names[field] for field in wanted.names if field in wanted.given and field not in places]:
        raise ImportFailedError(f"there is no column {_quoted(absent)}; it has {_quoted(filter(None, cells))}")
    if missing := [names[field] for field in wanted.needed if field not in places]:
        way = f"Is it what --from {wanted.preset} is for? If so, say" if wanted.preset else "Say"
        shop = "" if wanted.preset else ", or which shop it is from with --from"
        raise ImportFailedError(
            f"column {_quoted(missing)} is missing; it has {_quoted(filter(None, cells))}. {way} which column holds "
            f"what with --columns{shop}"
        )
    unread = [cell for place, cell in enumerate(cells) if cell and place not in places.values()]
    alike = tuple(dict.fromkeys(cell for cell in unread if _key(cell) in wanted.names))
    return Columns(places, names, tuple(dict.fromkeys((*alike, *unread))), alike)


def _place(header: Header, called: Sequence[str]) -> int | None:
    """Where the column is: as it is called, else in other letter case."""
    for name in called:
        for same in (str, _key):
            found = [place for place, cell in enumerate(header.cells) if cell and same(cell) == same(name)]
            if len(found) > 1:
                shown = list(dict.fromkeys(header.cells[place] for place in found))
                what = f"columns {' and '.join(map(repr, shown))} differ in letter case only"
                raise ImportFailedError(
                    f"line {header.end}: {what if len(shown) > 1 else f'column {shown[0]} is there twice'}; rename "
                    "the one that is not meant in the file"
                )
            if found:
                return found[0]
    return None


def _key(name: str) -> str:
    return visible(name).casefold()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
