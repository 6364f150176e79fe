"""What each row of a file is: an order, a refund, or one that is left out by name; anything else is a mistake."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from backend.shop.importing.presets import Preset
from backend.shop.importing.source import ImportFailedError, Source
from backend.shop.importing.values import (
    Conventions,
    DateOrder,
    DecimalSign,
    UnclearError,
    date_order,
    decimal_signs,
    instant,
    minor_units,
)
from models.core import normal_form
from models.core.base import storable
from models.core.csv_text import unguarded
from models.core.formatting import money_words
from models.shop.ingest import AHEAD_MOST

NEEDED: Final = ("order_id", "placed_at", "total")
OPTIONAL: Final = ("settled_at", "customer_id", "country", "currency", "refund_id", "refunded", "status")
MISTAKES_MOST: Final = 20
_WITH_CODE: Final = re.compile(r"(?P<amount>.*\S)\s+(?P<code>[A-Z]{3})")
"""An amount with its currency behind it."""
_TOTAL_WORDS: Final = frozenset(
    {"total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme", "subtotal", "итого", "totaal", "totale"}
)

ID_MOST: Final = 200
MADE_LONGER: Final = 50
MINOR_MOST: Final = 10**13


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What somebody says about a file; ``None``: it is found out, or asked for where it cannot be."""

    currency: str
    """Of rows without one, and the reporting currency if none was chosen yet."""
    columns: dict[str, str] = field(default_factory=dict)
    """The file's column for a field where it is called differently."""
    preset: Preset | None = None
    shift_to_now: bool = False
    sum_lines: bool = False
    """Rows that share an id and an instant are lines of one order."""
    delimiter: str | None = None
    decimal: DecimalSign | None = None
    encoding: str | None = None
    time_zone: ZoneInfo | None = None
    dates: DateOrder | None = None

    def names(self) -> dict[str, str]:
        """What the file calls the column of each field."""
        preset = {} if self.preset is None else self.preset.columns
        return {name: name for name in (*NEEDED, *OPTIONAL)} | dict(preset) | self.columns


@dataclass(slots=True)
class Sale:
    """A row that lands: an order, or a refund when ``minor`` is negative."""

    line: int
    id: str
    at: datetime
    settled_at: datetime | None
    minor: int
    currency: str
    customer_id: str | None
    country: str | None
    refund_id: str | None = None
    refunded: int = 0
    """How much of it was given back since, where the file says no more about that."""
    twice: bool = False
    """The clocks showed its instant twice that night."""


@dataclass(slots=True)
class Found:
    """What a file holds. Each row that is not blank is counted in one place."""

    rows: int = 0
    orders: int = 0
    refunds: int = 0
    continuations: int = 0
    """Rows that say no more than that an order above goes on."""
    parts: int = 0
    """Rows that were added to an order above."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Rows that are no sale, by their status."""
    totals: list[int] = field(default_factory=list)
    """Lines of sums, each of which was right."""
    blank: int = 0
    twice: int = 0
    """Instants that the clocks showed twice."""
    undated_lines: dict[str, int] = field(default_factory=dict)
    """Where each order is that was given back without an instant of its own; the refund stands at the order's."""
    refund_rows: dict[str, int] = field(default_factory=dict)
    """Where the first refund of each id is that has a row of its own."""
    amounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Minor units by what they are (orders, refunds, left out) and their currency."""
    newest: datetime = _LONG_AGO
    order_lines: dict[str, int] = field(default_factory=dict)
    """Where each order is."""
    refund_lines: dict[str, int] = field(default_factory=dict)
    """Where each refund with an id of its own is."""
    refunds_of: Counter[str] = field(default_factory=Counter)
    """How many refunds without one each id has."""

    @property
    def undated(self) -> int:
        """Refunds for which the file has no instant."""
        return len(self.undated_lines)


@dataclass(slots=True)
class _Above:
    """What a row may refer to."""

    lines: dict[str, int] = field(default_factory=dict)
    """Where each id was first."""
    positive: Counter[str] = field(default_factory=Counter)
    negative: Counter[str] = field(default_factory=Counter)
    """Sums by currency."""


class MistakeError(ValueError):
    """What is wrong with one cell, and what to do."""

    def __init__(self, column: str, words: str) -> None:
        super().__init__(words)
        self.column = column


def conventions(source: Source, options: ImportOptions) -> Conventions:
    """What is said about the file, and what its cells show by themselves."""
    signs: set[DecimalSign] = set()
    orders: set[DateOrder] = set()
    total, placed = source.columns["total"], source.columns["placed_at"]
    for _, cells in source.rows():
        if len(cells) > max(total, placed):
            shown = decimal_signs(cells[total].strip())
            signs |= shown if len(shown) == 1 else set()
            orders |= {order} if (order := date_order(cells[placed].strip())) else set()
    zone = options.time_zone
    if zone is None and options.preset is not None and options.preset.zone is not None:
        zone = ZoneInfo(options.preset.zone)
    return Conventions(
        # Both at once: then nothing is shown, and each amount must speak for itself.
        decimal=options.decimal or (signs.pop() if len(signs) == 1 else None),
        decimal_given=options.decimal is not None,
        zone=zone,
        dates=options.dates or (orders.pop() if len(orders) == 1 else None),
    )


class Rows:
    """Reads the rows of a source, as often as one likes."""

    def __init__(self, source: Source, options: ImportOptions, now: datetime) -> None:
        self.source, self.options, self.now = source, options, now
        self.known = conventions(source, options)
        self.found = Found()
        self._summed: dict[tuple[str, datetime], Sale] = {}
        self._unclear: set[str] = set()

    def check(self) -> Found:
        """Read everything once. Raises ImportFailedError with every mistake, the first twenty of them."""
        mistakes: list[str] = []
        take = self._add if self.options.sum_lines else self._count
        for line, sale in self._read(self.found):
            mistakes += _words(line, sale, take)
            if len(mistakes) >= MISTAKES_MOST:
                raise ImportFailedError("\n".join([*mistakes, "and maybe more"]), self._unclear)
        for sale in self._summed.values():
            mistakes += _words(sale.line, sale, self._count)
        mistakes += self._twice_refunded()
        if mistakes:
            raise ImportFailedError("\n".join(mistakes), self._unclear)
        if not self.found.orders and not self.found.refunds:
            raise ImportFailedError("it holds no rows" + (" that are orders or refunds" if self.found.rows else ""))
        return self.found

    def _twice_refunded(self) -> list[str]:
        """What was given back of an order stands beside it, or in rows of its own: both would land."""
        column, found = self.source.names["refunded"], self.found
        return [
            f"line {line}, column {column}: line {found.refund_rows[number]} is a refund of {number!r} too, and it "
            "would land twice; take the one or the other out of the file"
            for number, line in found.undated_lines.items()
            if number in found.refund_rows
        ][:MISTAKES_MOST]

    def sales(self) -> Iterator[Sale]:
        """What lands, after ``check``."""
        if self.options.sum_lines:
            yield from self._summed.values()
        else:
            for _, sale in self._read(Found()):
                assert isinstance(sale, Sale)  # noqa: S101 - there were no mistakes
                yield sale

    def _add(self, sale: Sale) -> None:
        """Lines of one order, at one instant, are one."""
        first = self._summed.setdefault((sale.id, sale.at), sale)
        if first is sale:
            return
        if first.currency != sale.currency:
            raise self._mistake("currency", f"the order on line {first.line} is in {first.currency}")
        for name in ("customer_id", "country", "settled_at"):
            before, here = getattr(first, name), getattr(sale, name)
            if before is not None and here is not None and before != here:
                raise self._mistake(name, f"the order on line {first.line} has another one")
            setattr(first, name, here if before is None else before)
        first.minor += sale.minor
        first.refunded += sale.refunded
        self.found.parts += 1

    def _count(self, sale: Sale) -> None:
        found = self.found
        if sale.minor < 0:
            if sale.refund_id is not None and (line := found.refund_lines.get(sale.refund_id)) is not None:
                raise self._mistake("refund_id", _same(sale.refund_id, line))
            if sale.refund_id is not None:
                found.refund_lines[sale.refund_id] = sale.line
            else:
                found.refunds_of[sale.id] += 1
            found.refund_rows.setdefault(sale.id, sale.line)
            found.refunds += 1
            found.amounts["refunds", sale.currency] -= sale.minor
            return
        if (line := found.order_lines.get(sale.id)) is not None:
            raise self._mistake("order_id", f"{_same(sale.id, line)}. Lines of one order are added up by --sum-lines")
        found.order_lines[sale.id] = sale.line
        found.orders += 1
        found.amounts["orders", sale.currency] += sale.minor
        if sale.refunded:
            found.undated_lines[sale.id] = sale.line
            found.amounts["refunds", sale.currency] += sale.refunded

    def _read(self, found: Found) -> Iterator[tuple[int, Sale | MistakeError]]:
        above = _Above()
        for line, cells in self.source.rows():
            given = [self._cell(cell) for cell in cells]
            if not any(given):
                found.blank += 1
                continue
            found.rows += 1
            try:
                sale = self._row(line, given, found, above)
            except MistakeError as mistake:
                yield line, mistake
            else:
                if sale is not None:
                    yield line, sale

    def _cell(self, text: str) -> str:
        text = normal_form.visible(unguarded(text))
        preset = self.options.preset
        return "" if preset is not None and text in preset.nothing else text

    def _row(self, line: int, cells: list[str], found: Found, above: _Above) -> Sale | None:
        width = self.source.width
        if len(cells) < width or any(cells[width:]):
            if self._is_sum(line, cells, found, above):
                return None
            raise MistakeError("", f"has {len(cells)} cells, the header {width}")
        given = {name: cells[place] for name, place in self.source.columns.items()}
        if self._is_left_out(given, found):
            return None
        number, first = given["order_id"], above.lines.get(given["order_id"])
        if first is not None and not given["total"]:
            if given.get("refunded") or given.get("refund_id"):
                raise self._mistake("total", f"the row belongs to line {first} and has a refund, but no total")
            found.continuations += 1
            return None
        if (not given["placed_at"] or _is_total(number)) and self._is_sum(line, cells, found, above):
            return None
        if not number:
            raise self._mistake("order_id", "there is no id")
        sale = self._sale(line, given)
        above.lines.setdefault(number, line)
        (above.positive if sale.minor > 0 else above.negative)[sale.currency] += sale.minor
        found.newest = max(found.newest, sale.at)
        found.twice += sale.twice
        return sale

    def _is_left_out(self, given: dict[str, str], found: Found) -> bool:
        preset, status = self.options.preset, given.get("status", "").lower()
        if preset is None or status not in preset.left_out:
            return False
        if given["total"]:
            currency = self._currency(given)
            found.amounts["left out", currency] += self._minor("total", given["total"], currency)
        found.left_out[status] += 1
        return True

    def _is_sum(self, line: int, cells: list[str], found: Found, above: _Above) -> bool:
        """Whether a row is a sum of those above, which it must be exactly: what is left out is in no doubt."""
        named = any(map(_is_total, cells))
        place = self.source.columns["order_id"]
        if not named and (len(cells) <= place or cells[place]):
            return False
        sums = [(currency, above.positive[currency]) for currency in above.positive]
        sums += [(c, above.positive[c] + above.negative[c]) for c in above.positive.keys() | above.negative.keys()]
        if any(self._says(cell, currency, minor) for cell in cells if cell for currency, minor in sums):
            found.totals.append(line)
            return True
        if named:
            shown = " or ".join(dict.fromkeys(money_words(minor, currency) for currency, minor in sums)) or "nothing"
            raise MistakeError("", f"looks like a sum, but the rows above come to {shown}; is a row missing?")
        return False

    def _says(self, cell: str, currency: str, minor: int) -> bool:
        try:
            return minor_units(cell.removesuffix(currency).strip(), currency, self.known) == minor
        except ValueError:
            return False

    def _sale(self, line: int, given: dict[str, str]) -> Sale:
        if (match := _WITH_CODE.fullmatch(given["total"])) and given.get("currency", match["code"]) == match["code"]:
            given = given | {"total": match["amount"], "currency": match["code"]}
        currency = self._currency(given)
        minor = self._minor("total", given["total"], currency)
        at, twice = self._instant("placed_at", given["placed_at"])
        settled: datetime | None = at
        preset, status = self.options.preset, given.get("status", "").lower()
        if "settled_at" in given:
            settled = self._instant("settled_at", given["settled_at"])[0] if given["settled_at"] else None
        elif preset is not None and status in preset.pending:
            settled = None
        if minor >= 0 and settled is not None and settled < at:
            raise self._mistake("settled_at", "it was settled before it was placed; is that the right column?")
        refunded = self._refunded(given, minor, currency)
        refund_id = self._id("refund_id", given["refund_id"]) if given.get("refund_id") and minor < 0 else None
        # The id of a refund may be made of the order's.
        made = refunded or (minor < 0 and refund_id is None)
        return Sale(
            line=line,
            id=self._id("order_id", given["order_id"], ID_MOST - MADE_LONGER if made else ID_MOST),
            at=at,
            settled_at=settled,
            minor=minor,
            currency=currency,
            customer_id=self._id("customer_id", given["customer_id"]) if given.get("customer_id") else None,
            country=self._country(given),
            refund_id=refund_id,
            refunded=refunded,
            twice=twice,
        )

    def _refunded(self, given: dict[str, str], minor: int, currency: str) -> int:
        if not given.get("refunded"):
            return 0
        back = abs(self._minor("refunded", given["refunded"], currency))
        if back > max(minor, 0):
            raise self._mistake("refunded", "more was given back than the order was worth")
        return back

    def _country(self, given: dict[str, str]) -> str | None:
        text = given.get("country") or None
        if text is not None and (len(text) > 100 or not storable(text)):
            raise self._mistake("country", "the name is longer than 100 characters, or has one that cannot be kept")
        return text

    def _id(self, name: str, text: str, most: int = ID_MOST) -> str:
        if len(text) > most or not storable(text):
            raise self._mistake(name, f"the id is longer than {most} characters, or has one that cannot be kept")
        return text

    def _currency(self, given: dict[str, str]) -> str:
        text = normal_form.currency(given.get("currency") or self.options.currency)
        if len(text) != 3 or not text.isascii() or not text.isalpha():
            raise self._mistake("currency", f"{text!r} is no currency code, such as EUR")
        return text

    def _minor(self, name: str, text: str, currency: str) -> int:
        try:
            minor = minor_units(text, currency, self.known)
        except ValueError as error:
            if isinstance(error, UnclearError):
                self._unclear.add(error.option)
            raise self._mistake(name, str(error)) from None
        if abs(minor) > MINOR_MOST:
            raise self._mistake(name, f"{text!r} is more than can be kept")
        return minor

    def _instant(self, name: str, text: str) -> tuple[datetime, bool]:
        try:
            at, twice = instant(text, self.known)
        except ValueError as error:
            if isinstance(error, UnclearError):
                self._unclear.add(error.option)
            raise self._mistake(name, str(error)) from None
        if not 1970 <= at.year < 2200:
            raise self._mistake(name, f"{text!r} lies outside the years 1970 to 2199")
        if at > self.now + AHEAD_MOST and not self.options.shift_to_now:
            raise self._mistake(
                name,
                f"{text!r} lies ahead: it is {self.now:%Y-%m-%d %H:%M} UTC now. Is the time zone right (--time-zone)?",
            )
        return at, twice

    def _mistake(self, name: str, words: str) -> MistakeError:
        return MistakeError(self.source.names[name], words)


def _is_total(text: str) -> bool:
    return text.lower().rstrip(": ") in _TOTAL_WORDS


def _words(line: int, sale: Sale | MistakeError, take: Callable[[Sale], None]) -> list[str]:
    """Count a sale; what is wrong with it or its row, in words."""
    try:
        if isinstance(sale, MistakeError):
            raise sale
        take(sale)
    except MistakeError as mistake:
        return [f"line {line}, column {mistake.column}: {mistake}" if mistake.column else f"line {line} {mistake}"]
    return []


def _same(number: str, line: int) -> str:
    return f"{number!r} is on line {line} already, and rows of one file do not correct each other"
