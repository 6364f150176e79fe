"""What the sales of a file come to together: which belong to one order, and which refunds are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from backend.shop.importing.sales import Found, ImportOptions, Sale
from backend.shop.importing.states import State
from models.core import normal_form

REFUNDED = frozenset({State.REFUNDED, State.PARTLY_REFUNDED})


class MistakeError(ValueError):
    """What is wrong with one cell, and what to do."""

    def __init__(self, column: str, words: str, line: int = 0) -> None:
        super().__init__(words)
        self.column, self.line = column, line

    def __str__(self) -> str:
        """With the place where it is."""
        words = super().__str__()
        return f"line {self.line}, column {self.column}: {words}" if self.column else f"line {self.line} {words}"


class Tally:
    """Counts the sales of a file, and knows afterwards what each is worth."""

    def __init__(self, found: Found, names: Mapping[str, str], options: ImportOptions) -> None:
        self._found, self._names, self._options = found, names, options
        self._summed: dict[tuple[str, datetime], Sale] = {}
        self._refunds: dict[str, list[Sale]] | None = {} if State.REFUND_FAILED in options.meanings().values() else None
        """Of each order, where some may be taken back."""
        self._failed: set[int] = set()
        """Lines of refunds whose money came back."""
        self._in_full: set[str] = set()
        """Orders all of which was given back, as their state says."""

    def take(self, sale: Sale) -> None:
        """Count a sale, or add it to the order it is a line of. Raises MistakeError."""
        if self._options.sum_lines:
            self._add(sale)
        else:
            self._count(sale)

    def close(self) -> Iterator[MistakeError]:
        """After the last row; yields what is wrong with all of them together."""
        for sale in self._summed.values():
            try:
                self._count(sale)
            except MistakeError as mistake:
                yield mistake
        self._take_back()
        self._give_back()
        yield from self._twice_refunded()

    def settled(self, sales: Iterator[Sale]) -> Iterator[Sale]:
        """Of the sales read again: those that land, as they land."""
        for sale in self._summed.values() if self._options.sum_lines else sales:
            if sale.line in self._failed:
                continue
            yield replace(sale, refunded=sale.minor) if sale.minor > 0 and sale.id in self._in_full else sale

    def _add(self, sale: Sale) -> None:
        """Lines of one order, at one instant, are one."""
        first = self._summed.setdefault((sale.id, sale.at), sale)
        if first is sale:
            return
        if first.currency != sale.currency:
            raise self._mistake(sale, "currency", f"the order on line {first.line} is in {first.currency}")
        for name in ("customer_id", "country", "settled_at"):
            before, here = getattr(first, name), getattr(sale, name)
            if before is not None and here is not None and before != here:
                raise self._mistake(sale, name, f"the order on line {first.line} has another one")
            setattr(first, name, here if before is None else before)
        first.minor += sale.minor
        first.refunded += sale.refunded
        first.tax_lines += sale.tax_lines
        self._found.parts += 1

    def _count(self, sale: Sale) -> None:
        found = self._found
        if sale.country and not normal_form.is_country(sale.country):
            found.unknown_countries[sale.country] += 1
        if sale.minor < 0:
            if sale.refund_id is not None and (line := found.refund_lines.get(sale.refund_id)) is not None:
                raise self._mistake(sale, "refund_id", _same(sale.refund_id, line))
            if sale.refund_id is not None:
                found.refund_lines[sale.refund_id] = sale.line
            else:
                found.refunds_of[sale.id] += 1
            found.refund_rows.setdefault(sale.id, sale.line)
            found.refunds += 1
            found.amounts["refunds", sale.currency] -= sale.minor
            if self._refunds is not None:
                self._refunds.setdefault(sale.id, []).append(sale)
            return
        if (line := found.order_lines.get(sale.id)) is not None:
            words = f"{_same(sale.id, line)}. Lines of one order are added up by --sum-lines"
            raise self._mistake(sale, "order_id", words)
        found.order_lines[sale.id] = sale.line
        found.orders += 1
        found.amounts["orders", sale.currency] += sale.minor
        if sale.refunded:
            self._undated(sale, sale.refunded)
        elif sale.state in REFUNDED and sale.minor:
            found.said_refunded[sale.id] = sale

    def _undated(self, sale: Sale, minor: int) -> None:
        self._found.undated_lines[sale.id] = sale.line
        self._found.amounts["refunds", sale.currency] += minor

    def _take_back(self) -> None:
        """A refund whose money came back is none."""
        found = self._found
        for failed in found.failed_refunds.copy():
            for refund in (self._refunds or {}).get(failed.id, ()):
                same = (-refund.minor, refund.currency) == (failed.minor, failed.currency)
                if same and refund.line not in self._failed:
                    self._failed.add(refund.line)
                    found.failed_refunds.remove(failed)
                    found.left_out["refund that failed"] += 1
                    found.refunds -= 1
                    found.refunds_of[refund.id] -= refund.refund_id is None
                    found.amounts["refunds", refund.currency] += refund.minor
                    found.amounts["left out", refund.currency] += refund.minor
                    break

    def _give_back(self) -> None:
        """Of orders that are said to be refunded: what the file says elsewhere, or, if asked to, all of it."""
        found = self._found
        for number, sale in list(found.said_refunded.items()):
            whole = self._options.refunded_in_full and sale.state is State.REFUNDED
            if whole and number not in found.refund_rows:
                self._in_full.add(number)
                self._undated(sale, sale.minor)
            if whole or number in found.refund_rows:
                del found.said_refunded[number]

    def _twice_refunded(self) -> Iterator[MistakeError]:
        """What was given back of an order stands beside it, or in rows of its own: both would land."""
        found = self._found
        for number, line in found.undated_lines.items():
            if number in found.refund_rows:
                words = (
                    f"line {found.refund_rows[number]} is a refund of {number!r} too, and it would land twice; take "
                    "the one or the other out of the file"
                )
                yield MistakeError(self._names["refunded"], words, line)

    def _mistake(self, sale: Sale, name: str, words: str) -> MistakeError:
        return MistakeError(self._names[name], words, sale.line)


def _same(number: str, line: int) -> str:
    return f"{number!r} is on line {line} already, and rows of one file do not correct each other"
