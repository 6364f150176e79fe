"""Import a CSV file of orders and refunds, plain or gzipped: all of it or nothing, and as often as one likes.

A negative total is a refund made at that instant, zero is an order. Instants without a zone are read as UTC. Without a
column for settlement an order is settled when placed; with one, an empty cell means pending.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from backend.core.database import Connection, Database
from backend.shop import upserts
from models.core.money import decimals
from models.core.wording import counted
from models.shop.ingest import BATCH_MOST, OrderIn, RefundIn

Progress = Callable[[int, int | None], None]
Row = TypeVar("Row", OrderIn, RefundIn)

NEEDED = ("order_id", "placed_at", "total")
OPTIONAL = ("settled_at", "customer_id", "country", "currency")
DAY = timedelta(days=1)
MOST_DIGITS = 20


class ImportFailedError(Exception):
    """The file was not imported, and nothing of it is left; the words name the line."""


@dataclass(slots=True)
class Report:
    """What became of a file."""

    rows: int
    shifted: timedelta
    orders: Counter[str] = field(default_factory=Counter)
    refunds: Counter[str] = field(default_factory=Counter)
    unknown_countries: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Words for the person who imported it."""
        lines = [f"{counted(self.rows, 'row')} read"]
        for name, counts in (("orders", self.orders), ("refunds", self.refunds)):
            lines.append(
                f"{name}: {counts['new']} new, {counts['corrected']} corrected, {counts['known']} known already"
            )
        if self.shifted:
            lines.append(f"moved by {counted(self.shifted.days, 'day')}")
        if self.unknown_countries:
            names = ", ".join(f"{name} ({count})" for name, count in self.unknown_countries.most_common())
            lines.append(f"kept as given, not in ISO 3166: {names}")
        return "\n".join(lines)


async def import_orders(
    database: Database,
    file: Path,
    columns: dict[str, str],
    currency: str,
    shift_to_now: bool,
    progress: Progress,
) -> Report:
    """Import ``file``. ``columns`` names the file's column for a field where it is called differently.

    ``currency`` is that of rows without one, and the reporting currency if none was chosen yet. ``shift_to_now`` moves
    every instant by the same number of whole days, the most that leaves the newest in the past: it lies less than a day
    before now and hours keep their rhythm. Weekdays keep theirs only where that number happens to be whole weeks; fresh
    figures matter more, as whole weeks could leave six empty days.

    Raises:
        ImportFailedError: the file is broken; nothing was imported.
        DatabaseUnavailable: likewise.
    """
    # Read through once before anything is written: the count, the newest instant, and every mistake a file can have.
    count, newest = 0, datetime.min.replace(tzinfo=UTC)
    for row in _rows(file, columns, currency, timedelta(), Counter()):
        count += 1
        newest = max(newest, row.placed_at if isinstance(row, OrderIn) else row.refunded_at)
    if not count:
        raise ImportFailedError("it holds no rows")
    shift = (datetime.now(UTC) - newest) // DAY * DAY if shift_to_now else timedelta()
    report = Report(count, shift)
    async with database.transaction() as tx:
        reporting = await upserts.claim_currency(tx, currency)
        orders: list[OrderIn] = []
        refunds: list[RefundIn] = []
        done = 0
        for row in _rows(file, columns, currency, shift, report.unknown_countries):
            done += 1
            if isinstance(row, OrderIn):
                orders.append(row)
            else:
                refunds.append(row)
            if len(orders) + len(refunds) == BATCH_MOST:
                await _upsert(tx, orders, refunds, reporting, report)
                progress(done, count)
        await _upsert(tx, orders, refunds, reporting, report)
        progress(done, count)
    return report


async def _upsert(
    tx: Connection, orders: list[OrderIn], refunds: list[RefundIn], reporting: str, report: Report
) -> None:
    if orders:
        _count(report.orders, len(orders), await upserts.orders(tx, orders, reporting))
    if refunds:
        _count(report.refunds, len(refunds), await upserts.refunds(tx, refunds, reporting))
    orders.clear()
    refunds.clear()


def _count(counts: Counter[str], given: int, upserted: upserts.UpsertCounts) -> None:
    counts["new"] += upserted.inserted
    counts["corrected"] += upserted.updated
    counts["known"] += given - upserted.inserted - upserted.updated


def _rows(
    file: Path, columns: dict[str, str], currency: str, shift: timedelta, unknown: Counter[str]
) -> Iterator[OrderIn | RefundIn]:
    with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as raw:
        line = 0
        try:
            reader = csv.reader(_text(raw), strict=True)
            header = next(reader, None)
            if header is None:
                raise ImportFailedError("it is empty")
            places = _places(header, columns)
            for cells in reader:
                line = reader.line_num
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise ImportFailedError(f"line {line} has {len(cells)} cells, the header {len(header)}")
                given = {name: cells[place].strip() for name, place in places.items()}
                try:
                    yield _record(given, currency, shift, unknown)
                except ValidationError as error:
                    first = error.errors()[0]
                    where = ".".join(map(str, first["loc"])) or "the row"
                    raise ImportFailedError(f"line {line}: {where}: {first['msg']}") from error
                except ValueError as error:
                    raise ImportFailedError(f"line {line}: {error}") from error
        except UnicodeDecodeError as error:
            raise ImportFailedError(f"line {line + 1} is not UTF-8 text") from error
        except csv.Error as error:
            raise ImportFailedError(f"after line {line}: {error}") from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ImportFailedError(f"after line {line}: the gzip file is damaged: {error}") from error


def _text(raw: Iterator[bytes]) -> Iterator[str]:
    # Line by line, not through a text wrapper: that decodes ahead, and the line of a mistake would be lost.
    for number, line in enumerate(raw):
        yield line.decode("utf-8-sig" if number == 0 else "utf-8")


def _places(header: list[str], columns: dict[str, str]) -> dict[str, int]:
    known = {name.strip(): place for place, name in enumerate(header)}
    wanted = {name: columns.get(name, name) for name in (*NEEDED, *OPTIONAL)}
    missing = [wanted[name] for name in wanted if wanted[name] not in known and (name in NEEDED or name in columns)]
    if missing:
        raise ImportFailedError(f"column {', '.join(missing)} is missing; it has {', '.join(known)}")
    return {name: known[column] for name, column in wanted.items() if column in known}


def _record(given: dict[str, str], currency: str, shift: timedelta, unknown: Counter[str]) -> OrderIn | RefundIn:
    at = _instant(given["placed_at"]) + shift
    code = given.get("currency") or currency
    minor = _minor(given["total"], code)
    name = given.get("country") or None
    country = _country_code(name) if name else None
    if name and country is None:
        unknown[name] += 1
    if minor < 0:
        return RefundIn(
            id=given["order_id"],
            customer_id=given.get("customer_id") or None,
            refunded_at=at,
            country=country or name,
            currency=code,
            amount=-minor,
        )
    settled: datetime | None = at
    if (text := given.get("settled_at")) is not None:
        settled = _instant(text) + shift if text else None
    return OrderIn(
        id=given["order_id"],
        placed_at=at,
        settled_at=settled,
        customer_id=given.get("customer_id") or None,
        country=country or name,
        currency=code,
        total=minor,
    )


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no date and time") from None


def _minor(text: str, currency: str) -> int:
    try:
        minor = Decimal(text).scaleb(decimals(currency))
        whole = minor.to_integral_exact()
    except ArithmeticError:
        raise ValueError(f"{text!r} is no amount") from None
    if not minor.is_finite() or minor.adjusted() > MOST_DIGITS:
        raise ValueError(f"{text!r} is no amount")
    if whole != minor:
        raise ValueError(f"{text!r} is no amount in {currency}, which has {decimals(currency)} decimals")
    return int(whole)


@cache
def _country_code(name: str) -> str | None:
    try:
        import pycountry  # its table of countries is only for those who import

        code: str = pycountry.countries.lookup(name).alpha_2
    except LookupError:
        return None
    return code
