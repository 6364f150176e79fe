"""What each row of a file is: an order, a refund, or one that is left out by name; anything else is a mistake."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from backend.shop.importing.amounts import DecimalSign, decimal_signs, minor_units, shows_groups, written
from backend.shop.importing.conventions import Conventions, DateOrder, UnclearError
from backend.shop.importing.header import ImportFailedError
from backend.shop.importing.instants import date_order, instant
from backend.shop.importing.sales import Found, ImportOptions, Sale
from backend.shop.importing.source import Source, lines_words
from backend.shop.importing.states import State, word_of
from backend.shop.importing.tally import REFUNDED, MistakeError, Tally
from models.core import normal_form
from models.core.base import storable
from models.core.csv_text import unguarded
from models.core.formatting import money_words
from models.core.money import SIGNS, known_currency
from models.shop.ingest import AHEAD_MOST
from models.shop.tax import TaxLine

MISTAKES_MOST: Final = 20
WATCHED_EVERY: Final = 5_000
_TOTAL_WORDS: Final = frozenset(
    {
        "total",
        "totals",
        "grand total",
        "sum",
        "summe",
        "gesamt",
        "gesamtsumme",
        "subtotal",
        "sub-total",
        "zwischensumme",
    }
    | {"итого", "totaal", "totale"}
)
_PARTS: Final = re.compile(r"(?:^|[|;,\s])amount:(?P<amount>[^|;]*)")
"""What was given back each time: ``id:900|date:2026-04-05|amount:49.00;id:901|…``."""

ID_MOST: Final = 200
MADE_LONGER: Final = 50
MINOR_MOST: Final = 10**13


@dataclass(slots=True)
class _Above:
    """What a row may refer to."""

    lines: dict[str, int] = field(default_factory=dict)
    """Where each id was first."""
    sums: list[tuple[Counter[str], Counter[str]]] = field(default_factory=lambda: [_sums(), _sums()])
    """By currency what is above and what is below zero: of all rows, and of those since the last sum."""
    refused: bool = False
    """One of them is a mistake, so that nobody knows what they come to."""

    def add(self, currency: str, minor: int) -> None:
        """Add an amount to the sums."""
        for sums in self.sums:
            sums[minor < 0][currency] += minor

    def come_to(self) -> Iterator[tuple[str, int]]:
        """What a sum below may say."""
        for positive, negative in self.sums:
            yield from positive.items()
            yield from ((each, positive[each] + negative[each]) for each in positive.keys() | negative.keys())

    def summed(self) -> None:
        """A sum was here: the next may be of what follows."""
        self.sums[1] = _sums()


def _sums() -> tuple[Counter[str], Counter[str]]:
    return Counter(), Counter()


def conventions(source: Source, options: ImportOptions) -> Conventions:
    """What is said about the file, and what its cells show by themselves. Raises ImportFailedError."""
    signs, groups = set[DecimalSign](), set[DecimalSign]()
    orders: dict[DateOrder, tuple[int, str]] = {}
    total, placed = source.columns["total"], source.columns["placed_at"]
    for line, cells in source.rows():
        if len(cells) > max(total, placed):
            amount, at = cells[total].strip(), cells[placed].strip()
            shown = decimal_signs(amount)
            signs |= shown if len(shown) == 1 else set()
            groups |= shown if shows_groups(amount) else set()
            if order := date_order(at):
                orders.setdefault(order, (line, at))
    if len(orders) == 2 and options.dates is None:
        (one, first), (other, second) = sorted(orders.values())
        raise ImportFailedError(
            f"column {source.names['placed_at']}: line {one} has {first!r} and line {other} {second!r}, so day and "
            "month change places within the file. Write all of its dates in one order"
        )
    preset = options.preset
    zone = options.time_zone
    if zone is None and preset is not None and preset.zone is not None:
        zone = ZoneInfo(preset.zone)
    return Conventions(
        # Both at once: then nothing is shown, and each amount must speak for itself.
        decimal=options.decimal or (next(iter(signs)) if len(signs) == 1 else None),
        decimal_given=options.decimal is not None,
        groups=signs == groups,
        minor=preset is not None and preset.minor,
        zone=zone,
        dates=options.dates or next(iter(orders), None),
        dates_given=options.dates is not None,
    )


class Rows:
    """Reads the rows of a source, as often as one likes."""

    def __init__(self, source: Source, options: ImportOptions, now: datetime, watch: Callable[[int], None]) -> None:
        """``watch`` is told now and then how many rows were read."""
        self.source, self.options, self.now = source, options, now
        self.known = conventions(source, options)
        self.found = Found()
        self._watch = watch
        self._tally = Tally(self.found, source.names, options)
        self._meanings = options.meanings()
        self._unclear: set[str] = set()

    def check(self) -> Found:
        """Read everything once. Raises ImportFailedError with every mistake, the first twenty of them."""
        mistakes: list[str] = []
        for each in self._read(self.found):
            try:
                if isinstance(each, MistakeError):
                    raise each
                self._tally.take(each)
            except MistakeError as mistake:
                mistakes.append(str(mistake))
            if len(mistakes) >= MISTAKES_MOST:
                raise ImportFailedError("\n".join([*mistakes, "and maybe more"]), self._unclear)
        mistakes += map(str, islice(self._tally.close(), MISTAKES_MOST))
        mistakes += [self._unknown(word, lines) for word, lines in self.found.unknown_states.items()]
        if mistakes:
            raise ImportFailedError("\n".join(mistakes), self._unclear)
        if not self.found.orders and not self.found.refunds:
            raise ImportFailedError("it holds no rows" + (" that are orders or refunds" if self.found.rows else ""))
        return self.found

    def sales(self) -> Iterator[Sale]:
        """What lands, after ``check``: there are no mistakes."""
        return self._tally.settled(each for each in self._read(Found()) if isinstance(each, Sale))

    def _unknown(self, word: str, lines: list[int]) -> str:
        return (
            f"column {self.source.names['status']}: nobody knows what {word!r} means ({lines_words(lines)}). Say it "
            f"with --states {shlex.quote(f'{word}=paid')}, or =pending, =left-out, =refunded, =partly-refunded"
        )

    def _read(self, found: Found) -> Iterator[Sale | MistakeError]:
        above = _Above()
        for line, cells in self.source.rows():
            given = [self._cell(cell) for cell in cells]
            if not any(given):
                found.blank += 1
                continue
            found.rows += 1
            if found.rows % WATCHED_EVERY == 0:
                self._watch(found.rows)
            try:
                sale = self._row(line, given, found, above)
            except MistakeError as mistake:
                mistake.line, above.refused = line, True
                yield mistake
            else:
                if sale is not None:
                    yield sale

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
        state = self._state(line, given, found)
        if state is State.LEFT_OUT or (given.get("status") and state is None):
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
        sale = self._sale(line, given, state)
        if state is State.REFUND_FAILED:
            found.failed_refunds.append(sale)
            self._leave_out(given, found)
            return None
        above.lines.setdefault(number, line)
        above.add(sale.currency, sale.minor)
        found.newest = max(found.newest, sale.at)
        found.twice += sale.twice
        if state is None and "status" in given and sale.minor >= 0:
            found.stateless.append(line)
        return sale

    def _state(self, line: int, given: dict[str, str], found: Found) -> State | None:
        """What the row's state means; rows that are no sale, and those of which nobody knows, are counted here."""
        word = given.get("status", "")
        if not word:
            return None
        state = self._meanings.get(word_of(word))
        if state is None:
            found.unknown_states.setdefault(word, []).append(line)
        elif state is State.LEFT_OUT:
            self._leave_out(given, found)
        return state

    def _leave_out(self, given: dict[str, str], found: Found) -> None:
        status = given["status"].lower()
        if given["total"]:
            currency = self._currency(given)
            found.amounts["left out", currency] += self._minor("total", given["total"], currency)
        found.left_out[status] += 1
        if given["order_id"]:
            found.left_out_ids.setdefault(status, set()).add(given["order_id"])

    def _is_sum(self, line: int, cells: list[str], found: Found, above: _Above) -> bool:
        """Whether a row is a sum of those above, which it must be exactly: what is left out is in no doubt."""
        named = any(map(_is_total, cells))
        place = self.source.columns["order_id"]
        if not named and (len(cells) <= place or cells[place]):
            return False
        sums = dict.fromkeys(above.come_to())
        # Below a row that is refused nobody can say whether a sum is right.
        if (named and above.refused) or any(
            self._says(cell, currency, minor) for cell in cells if cell for currency, minor in sums
        ):
            found.totals.append(line)
            above.summed()
            return True
        if named:
            shown = " or ".join(dict.fromkeys(money_words(minor, currency) for currency, minor in sums)) or "nothing"
            raise MistakeError("", f"looks like a sum, but the rows above come to {shown}; is a row missing?")
        return False

    def _says(self, cell: str, currency: str, minor: int) -> bool:
        try:
            return minor_units(cell, currency, self.known) == minor
        except ValueError:
            return False

    def _sale(self, line: int, given: dict[str, str], state: State | None) -> Sale:
        currency = self._currency(given)
        minor = self._minor("total", given["total"], currency)
        at, twice = self._instant("placed_at", given["placed_at"])
        settled: datetime | None = at
        if "settled_at" in given:
            settled = self._instant("settled_at", given["settled_at"])[0] if given["settled_at"] else None
        elif state is State.PENDING:
            settled = None
        if minor >= 0 and settled is not None and settled < at:
            raise self._mistake("settled_at", "it was settled before it was placed; is that the right column?")
        refunded = self._refunded(given, minor, currency)
        refund_id = self._id("refund_id", given["refund_id"]) if given.get("refund_id") and minor < 0 else None
        # The id of a refund may be made of the order's.
        made = refunded or (minor < 0 and refund_id is None) or state in REFUNDED
        return Sale(
            line=line,
            id=self._id("order_id", given["order_id"], ID_MOST - MADE_LONGER if made else ID_MOST),
            at=at,
            settled_at=settled,
            minor=minor,
            currency=currency,
            customer_id=self._id("customer_id", given["customer_id"]) if given.get("customer_id") else None,
            country=self._country(given),
            state=state,
            refund_id=refund_id,
            refunded=refunded,
            twice=twice,
            tax_lines=self._tax_lines(given, minor, currency),
            invoice=given.get("invoice") or None,
        )

    def _tax_lines(self, given: dict[str, str], minor: int, currency: str) -> tuple[TaxLine, ...]:
        """One line: the row's tax, at its rate, in its jurisdiction or else its country. No tax said: none."""
        if not given.get("tax"):
            return ()
        tax = abs(self._minor("tax", given["tax"], currency))
        if tax > abs(minor):
            raise self._mistake("tax", "it is more than the total, which includes it")
        place = given.get("jurisdiction") or given.get("country") or ""
        line = {
            "net": abs(minor) - tax,
            "tax": tax,
            "rate": given.get("tax_rate", "").rstrip("% "),
            "jurisdiction": place,
        }
        try:
            return (TaxLine.model_validate(line),)
        except ValidationError as error:
            wrong = {str(each["loc"][0]) for each in error.errors()}
            if "rate" in wrong:
                raise self._mistake("tax_rate", "the rate of the tax is percent, such as 19 or 5.5") from None
            raise self._mistake("jurisdiction", "where the tax is due is a code such as DE, XI or US-CA") from None

    def _refunded(self, given: dict[str, str], minor: int, currency: str) -> int:
        text = given.get("refunded", "")
        parts = _PARTS.findall(text) or [text] if text else []
        back = sum(abs(self._minor("refunded", part.strip(), currency)) for part in parts)
        if back > max(minor, 0):
            raise self._mistake("refunded", "more was given back than the order was worth")
        return back

    def _country(self, given: dict[str, str]) -> str | None:
        text = given.get("country") or None
        if text is not None and (len(text) > 100 or not storable(text)):
            raise self._mistake("country", "the name is longer than 100 characters, or has one that cannot be kept")
        return text

    def _id(self, name: str, text: str, most: int = ID_MOST) -> str:
        if len(text) > most:
            raise self._mistake(name, f"the id is longer than {most} characters")
        if not storable(text):
            raise self._mistake(name, "the id has the character U+0000 in it, which no database keeps; take it out")
        return text

    def _currency(self, given: dict[str, str]) -> str:
        """The row's currency: its own, or that beside its amount, or that of the file."""
        said = normal_form.currency(given.get("currency", ""))
        column = "currency"
        if not said:
            parts = written(given["total"])
            said, column = (
                (parts.mark, "total") if parts and parts.mark.isupper() and len(parts.mark) == 3 else ("", "")
            )
        if len(SIGNS.get(said, ())) == 1:
            (said,) = SIGNS[said]
        try:
            return known_currency(said or self.options.currency)
        except ValueError as error:
            raise self._mistake(column or "currency", str(error)) from None

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
        preset = self.options.preset
        if preset is not None and preset.times is not None and not preset.times.match(text):
            raise self._mistake(name, f"{text!r}: {preset.other}")
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
