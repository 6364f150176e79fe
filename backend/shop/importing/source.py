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

from backend.shop.importing.header import DELIMITERS, ImportFailedError, Wanted, columns_of, find_header
from models.core.normal_form import visible

HEADER_WITHIN = 30
"""The header is one of so many first lines; what stands before it is left out."""
CHUNK = 1 << 16
DELIMITER_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


_OTHER_FILES: Final = (
    (b"%PDF-", "it is a PDF, not a table: export the orders as CSV"),
    (b"PK\x03\x04", "it is an Excel workbook or another zip file: save the sheet as CSV, or unpack the file"),
    (b"\xd0\xcf\x11\xe0", "it is an old Excel workbook: save the sheet as CSV"),
    (b"SQLite format 3", "it is a database of SQLite: export the orders as CSV"),
)
_QUOTES: Final = {
    "unexpected end of data": 'a quote (") is opened and never closed',
    "field larger": 'a cell is longer than 131,072 characters; a quote (") may be opened and never closed',
    "expected after": 'there is text behind a quote (") that was closed; within a cell a quote is written twice ("")',
}
"""What the reader's own words mean for whoever has the file."""


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
    """Columns that are nobody's; first those that are called like a field."""
    alike: tuple[str, ...]
    """These."""

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
                words = next((words for part, words in _QUOTES.items() if part in str(error)), str(error))
                raise ImportFailedError(f"line {line + 1}: {words}") from error

    def __str__(self) -> str:
        """How it is read, for the person who imports it."""
        note = f" ({self.encoding_note})" if self.encoding_note else ""
        name = DELIMITER_NAMES.get(self.delimiter, repr(self.delimiter))
        return f"{self.encoding.upper()}{note}, columns separated by {name}"


def open_source(file: Path, wanted: Wanted, *, encoding: str | None, delimiter: str | None) -> Source:
    """Understand ``file`` as a table.

    Args:
        file: Plain or gzipped.
        wanted: Which columns are looked for.
        encoding: Instead of what it looks like.
        delimiter: Likewise.

    Raises:
        ImportFailedError: it is empty, no table, in another encoding, or lacks a column or has one twice.
    """
    if file.is_dir():
        raise ImportFailedError("it is a folder; name the file in it")
    known, note = _encoding(file, encoding)
    with _lines(file, known) as lines:
        head = list(islice(lines, HEADER_WITHIN))
    if not any(map(visible, head)):
        raise ImportFailedError("it is empty")
    found = find_header(head, (delimiter,) if delimiter else DELIMITERS, wanted)
    columns = columns_of(found, wanted)
    return Source(
        file,
        known,
        note,
        found.delimiter,
        columns.places,
        columns.names,
        len(found.cells),
        found.end,
        tuple(number for number, text in enumerate(head[: found.begin], 1) if visible(text)),
        columns.unread,
        columns.alike,
    )


def _encoding(file: Path, given: str | None) -> tuple[str, str]:
    """What the file is written in, and why we think so where that is a guess."""
    with _bytes(file) as raw:
        start = raw.read(4_096)
    for begins, words in _OTHER_FILES:
        if start.startswith(begins):
            raise ImportFailedError(words)
    if given is not None:
        if (bad := _first_undecodable(file, given)) is not None:
            raise ImportFailedError(f"line {bad} is not {given.upper()} text")
        return given, ""
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
