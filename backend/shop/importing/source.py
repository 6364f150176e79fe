"""A file as rows of cells: its encoding and delimiter are found out and said, or given."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final

from models.core.normal_form import visible
from models.core.wording import counted

HEADER_WITHIN = 30
"""The header is one of so many first lines; what stands before it is left out."""
CHUNK = 1 << 16
DELIMITERS: Final = (",", ";", "\t", "|")
DELIMITER_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class ImportFailedError(Exception):
    """The file was not imported, and nothing of it is left; the words name the line."""

    def __init__(self, words: str, unclear: Iterable[str] = ()) -> None:
        super().__init__(words)
        self.unclear = tuple(sorted(unclear))
        """Options that say what the file does not."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is understood as a table."""

    file: Path
    encoding: str
    encoding_note: str
    """Why it is read so, where that is a guess."""
    delimiter: str
    columns: Mapping[str, int]
    """Where the column of each field is."""
    names: Mapping[str, str]
    """What the file calls the column of each field."""
    width: int
    header_end: int
    """The last line of the header, from 1."""
    preamble: tuple[int, ...]
    """Lines with something in them before the header."""
    unread: tuple[str, ...]
    """Columns that are nobody's."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of every row below the header, blank ones too. Raises ImportFailedError."""
        line = self.header_end
        with _lines(self.file, self.encoding) as lines:
            reader = csv.reader(islice(lines, self.header_end, None), delimiter=self.delimiter, strict=True)
            try:
                for cells in reader:
                    yield line + 1, cells
                    line = self.header_end + reader.line_num
            except csv.Error as error:
                raise ImportFailedError(f"after line {line}: {error}") from error

    def __str__(self) -> str:
        """How it is read, for the person who imports it."""
        note = f" ({self.encoding_note})" if self.encoding_note else ""
        name = DELIMITER_NAMES.get(self.delimiter, repr(self.delimiter))
        return f"{self.encoding.upper()}{note}, columns separated by {name}"


def open_source(
    file: Path, names: Mapping[str, str], needed: Iterable[str], *, encoding: str | None, delimiter: str | None
) -> Source:
    """Understand ``file`` as a table.

    Args:
        file: Plain or gzipped.
        names: What the file calls the column of each field.
        needed: Fields it must have.
        encoding: Instead of what it looks like.
        delimiter: Likewise.

    Raises:
        ImportFailedError: it is empty, in another encoding, or lacks a column or has one twice.
    """
    known, note = _encoding(file, encoding)
    with _lines(file, known) as lines:
        head = list(islice(lines, HEADER_WITHIN))
    if not any(map(visible, head)):
        raise ImportFailedError("it is empty")
    wanted = [names[field] for field in needed]
    tries = [_header(head, each, wanted) for each in ((delimiter,) if delimiter else DELIMITERS)]
    found = max(tries, key=lambda each: (each.matches, len(each.cells)))
    columns = _columns(found.cells, names, wanted, found.end)
    unread = tuple(dict.fromkeys(cell for cell in found.cells if cell and cell not in names.values()))
    preamble = tuple(number for number, text in enumerate(head[: found.begin], 1) if visible(text))
    return Source(file, known, note, found.delimiter, columns, names, len(found.cells), found.end, preamble, unread)


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: str
    cells: list[str]
    matches: int
    begin: int
    """Lines before it."""
    end: int


def _header(head: list[str], delimiter: str, wanted: list[str]) -> _Header:
    """The first row with all columns that are needed; else the one with most of them."""
    best = _Header(delimiter, [], -1, 0, 0)
    reader, begin = csv.reader(head, delimiter=delimiter), 0
    try:
        for row in reader:
            cells = [visible(cell) for cell in row]
            matches = sum(name in cells for name in wanted)
            if any(cells) and matches > best.matches:
                best = _Header(delimiter, cells, matches, begin, reader.line_num)
            begin = reader.line_num
    except csv.Error:
        pass  # what stands before a header need not be a table; a broken table is told of when it is read
    return best


def _columns(header: list[str], names: Mapping[str, str], wanted: list[str], line: int) -> dict[str, int]:
    shown = ", ".join(filter(None, header))
    if missing := [name for name in wanted if name not in header]:
        raise ImportFailedError(
            f"column {', '.join(missing)} is missing; it has {shown}. Say which column holds what with --columns, or "
            "which shop it is from with --from"
        )
    twice = sorted({name for name in names.values() if header.count(name) > 1})
    if twice:
        raise ImportFailedError(
            f"line {line}: column {', '.join(twice)} is there twice; rename the one that is not meant in the file"
        )
    return {field: header.index(name) for field, name in names.items() if name in header}


def _encoding(file: Path, given: str | None) -> tuple[str, str]:
    """What the file is written in, and why we think so where that is a guess."""
    if given is not None:
        if (bad := _first_undecodable(file, given)) is not None:
            raise ImportFailedError(f"line {bad} is not {given.upper()} text")
        return given, ""
    with _bytes(file) as raw:
        start = raw.read(4_096)
    name = next((each for mark, each in _MARKS if start.startswith(mark)), None)
    if name is None:
        # Text of the West in two bytes a character has a zero in every other one.
        zeros = start[::2].count(0), start[1::2].count(0)
        name = "utf-8" if max(zeros) * 4 <= len(start) else "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    bad = _first_undecodable(file, name)
    if bad is None:
        return name, ""
    if name == "utf-8" and _first_undecodable(file, "cp1252") is None:
        return "cp1252", f"line {bad} is not UTF-8; another one is said with --encoding"
    raise ImportFailedError(f"line {bad} is not {name.upper()} text; say what it is with --encoding")


def _first_undecodable(file: Path, encoding: str) -> int | None:
    """The first line that is not text in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    with _bytes(file) as raw:
        while True:
            chunk = raw.read(CHUNK)
            pending = decoder.getstate()[0]
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                at = read - len(pending) + getattr(error, "start", 0)
                break
            read += len(chunk)
            if not chunk:
                return None
    with _bytes(file) as raw:
        before = raw.read(at).decode(encoding, errors="ignore")
    return len(_LINE_END.findall(before)) + 1


@contextmanager
def _lines(file: Path, encoding: str) -> Iterator[Iterator[str]]:
    """The lines of a file with their ends, whichever they are; without marks of byte order, however many."""
    with _bytes(file) as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        yield (line.lstrip("\ufeff") if number == 0 else line for number, line in enumerate(text))


@contextmanager
def _bytes(file: Path) -> Iterator[IO[bytes]]:
    with file.open("rb") as plain:
        zipped = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        # Typed as what TextIOWrapper takes; both are buffered readers.
        raw: IO[bytes] = gzip.GzipFile(fileobj=plain) if zipped else plain  # type: ignore[assignment]
        try:
            yield raw
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ImportFailedError(f"the gzip file is damaged: {error}") from error


def lines_words(lines: Iterable[int]) -> str:
    """``line 3`` or ``lines 3, 7 and 12 more``."""
    known = list(lines)
    shown = ", ".join(map(str, known[:5]))
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    return f"{'line' if len(known) == 1 else 'lines'} {shown}{more}"


def rows_words(count: int) -> str:
    """``1 row`` or ``12 rows``."""
    return counted(count, "row")
