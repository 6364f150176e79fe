"""Import a CSV file of orders and refunds, plain or gzipped: all of it or nothing, and as often as one likes.

A negative total is a refund made at that instant, zero is an order. Without a column for settlement an order is settled
when placed; with one, an empty cell means pending. What a file says in a way that could mean two things is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from backend.core.database import Connection, Database, array
from backend.shop import doubts, upserts
from backend.shop.importing.header import ImportFailedError
from backend.shop.importing.report import Report
from backend.shop.importing.rows import Rows
from backend.shop.importing.sales import ImportOptions, Sale
from backend.shop.importing.source import Source, open_source
from models.core.formatting import money_words
from models.core.normal_form import country
from models.shop.ingest import BATCH_MOST, OrderIn, RefundIn
from models.shop.tax import TaxLine

__all__ = ["ImportFailedError", "ImportOptions", "Report", "import_orders", "preview_orders"]

Progress = Callable[[int, int | None], None]
"""Told how many rows are done, and of how many, once that is known."""

DAY = timedelta(days=1)
SHOWN_FIRST = 5
_CURRENCY_WORDS: Final = ("currency", "währung", "waehrung", "devise", "moneda", "valuta", "moeda", "валюта")


def preview_orders(file: Path, options: ImportOptions) -> Report:
    """What ``import_orders`` would understand, without importing anything. Raises ImportFailedError."""
    rows, report = _checked(file, options, lambda _done, _total: None)
    report.first = tuple(_words(sale, report.shifted) for sale in islice(rows.sales(), SHOWN_FIRST))
    return report


async def import_orders(database: Database, file: Path, options: ImportOptions, progress: Progress) -> Report:
    """Import ``file``.

    ``options.shift_to_now`` moves every instant by the same number of whole days, the most that leaves the newest in
    the past: it lies less than a day before now and hours keep their rhythm. Weekdays keep theirs only where that
    number happens to be whole weeks; fresh figures matter more, as whole weeks could leave six empty days.

    Raises:
        ImportFailedError: the file is broken, or unclear; nothing was imported.
        DatabaseUnavailable: likewise.
    """
    # Read through once before anything is written: the count, the newest instant, and every mistake a file can have.
    rows, report = _checked(file, options, progress)
    done, total = 0, report.found.orders + report.found.refunds
    async with database.transaction() as tx:
        if await (await tx.execute(upserts.queries.lock_import)).fetchone() != (True,):
            raise ImportFailedError("another import is running here; wait until it is done and run this one again")
        writer = _SalesWriter(tx, await upserts.claim_currency(tx, options.currency), report)
        sales = rows.sales()
        while some := list(islice(sales, BATCH_MOST)):
            await writer.write(some)
            done += len(some)
            progress(done, total)
        await writer.look_back()
    return report


def _checked(file: Path, options: ImportOptions, progress: Progress) -> tuple[Rows, Report]:
    source = open_source(file, options.wanted(), encoding=options.encoding, delimiter=options.delimiter)
    _currency_is_known(source)
    now = datetime.now(UTC)
    rows = Rows(source, options, now, lambda done: progress(done, None))
    found = rows.check()
    known = rows.known
    understood = {".": "decimal point", ",": "decimal comma", None: "each amount as it shows itself"}[known.decimal]
    if known.minor:
        understood = "amounts in minor units"
    if known.zone is not None:
        understood += f", times without a zone as {known.zone}"
    if known.dates is not None:
        understood += f", dates {known.dates}"
    shifted = (now - found.newest) // DAY * DAY if options.shift_to_now else timedelta()
    return rows, Report(found, source, understood, shifted)


def _currency_is_known(source: Source) -> None:
    """A column that says the currency and is not read would make yen of euros."""
    if "currency" in source.columns:
        return
    for name in source.unread:
        if any(word in name.casefold() for word in _CURRENCY_WORDS):
            raise ImportFailedError(
                f"column {name!r} may say the currency, and is not looked at: say --columns 'currency={name}', or "
                "rename it in the file if it says something else"
            )


def _words(sale: Sale, shift: timedelta) -> str:
    what = "order" if sale.minor >= 0 else "refund of"
    words = [f"line {sale.line}: {what} {sale.id}", f"{sale.at + shift:%Y-%m-%d %H:%M:%S} UTC"]
    words += [money_words(abs(sale.minor), sale.currency)]
    if sale.minor >= 0 and sale.settled_at is None:
        words.append("pending")
    words += [
        text for text in (sale.customer_id, sale.country and (country(sale.country) or "country unknown")) if text
    ]
    return ", ".join(words)


class _SalesWriter:
    """Writes sales in batches, within one transaction."""

    def __init__(self, tx: Connection, reporting: str, report: Report) -> None:
        self._tx, self._reporting, self._report = tx, reporting, report
        self._made: Counter[tuple[str, datetime]] = Counter()
        self._written: list[str] = []
        """Ids of refunds."""

    async def write(self, sales: list[Sale]) -> None:
        """Write some of them, and count what became of each."""
        shift = self._report.shifted
        orders = [self._order(sale, shift) for sale in sales if sale.minor >= 0]
        refunds = [_undated(sale, shift) for sale in sales if sale.refunded]
        refunds += await self._refunds([sale for sale in sales if sale.minor < 0], shift)
        if orders:
            _count(self._report.orders, len(orders), await upserts.orders(self._tx, orders, self._reporting))
        for start in range(0, len(refunds), BATCH_MOST):
            some = refunds[start : start + BATCH_MOST]
            _count(self._report.refunds, len(some), await upserts.refunds(self._tx, some, self._reporting))
        self._written += [refund.id for refund in refunds]

    async def look_back(self) -> None:
        """After the last of them: what does not fit, and what an earlier file brought of those that are no sale."""
        report, queries = self._report, upserts.queries
        odd = await doubts.doubtful_refunds(self._tx, self._written)
        report.doubts = {words: odd[what] for what, words in doubts.WORDS.items() if what in odd}
        for status, ids in report.found.left_out_ids.items():
            gone = ids - report.found.order_lines.keys()
            here = await (await self._tx.execute(queries.count_orders, {"ids": array(gone)})).fetchone()
            if here is not None and here[0]:
                report.here_already[status] = here[0]

    @staticmethod
    def _order(sale: Sale, shift: timedelta) -> OrderIn:
        return OrderIn.model_validate(
            {
                "id": sale.id,
                "placedAt": sale.at + shift,
                "settledAt": None if sale.settled_at is None else sale.settled_at + shift,
                "customerId": sale.customer_id,
                "country": sale.country,
                "currency": sale.currency,
                "total": sale.minor,
                "taxLines": sale.tax_lines or None,
                "invoiceNumber": sale.invoice if sale.tax_lines else None,
            }
        )

    async def _refunds(self, sales: list[Sale], shift: timedelta) -> list[RefundIn]:
        ids = {sale.id for sale in sales}
        rows = await (await self._tx.execute(upserts.queries.known_for_import, {"ids": array(ids)})).fetchall()
        ordered = {number for number, is_order, _ in rows if is_order}
        kept = {number: at for number, _, at in rows if at is not None}
        return [self._refund(sale, shift, ordered, kept.get(sale.id)) for sale in sales]

    def _refund(self, sale: Sale, shift: timedelta, ordered: set[str], kept: datetime | None) -> RefundIn:
        """A refund under its own id.

        That is what the file says; or the row's id, where no order and no other refund has it; or one made of order,
        instant and position. One that an earlier import kept under the row's id stays that one.
        """
        found = self._report.found
        of_order = sale.id in found.order_lines or sale.id in ordered or found.refunds_of[sale.id] > 1
        number = sale.refund_id
        if number is None:
            self._made[sale.id, sale.at] += 1
            position = self._made[sale.id, sale.at]
            same = position == 1 and kept == sale.at + shift
            number = sale.id if same or not of_order else f"{sale.id}/{sale.at:%Y-%m-%dT%H:%M:%S.%fZ}/{position}"
        of = sale.id if of_order or sale.refund_id else None
        return _refund(sale, number, of, shift, -sale.minor, sale.tax_lines)


def _undated(sale: Sale, shift: timedelta) -> RefundIn:
    # Of a part nobody knows how much of it was tax.
    lines = sale.tax_lines if sale.refunded == sale.minor else ()
    return _refund(sale, f"{sale.id}/refunded", sale.id, shift, sale.refunded, lines)


def _refund(
    sale: Sale, number: str, order_id: str | None, shift: timedelta, amount: int, lines: tuple[TaxLine, ...]
) -> RefundIn:
    return RefundIn.model_validate(
        {
            "id": number,
            "orderId": order_id,
            "customerId": sale.customer_id,
            "refundedAt": sale.at + shift,
            "country": sale.country,
            "currency": sale.currency,
            "amount": amount,
            "taxLines": lines or None,
        }
    )


def _count(counts: Counter[str], given: int, upserted: upserts.UpsertCounts) -> None:
    counts["new"] += upserted.inserted
    counts["corrected"] += upserted.updated
    counts["known"] += given - upserted.inserted - upserted.updated
