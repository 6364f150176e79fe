"""What became of a file, in words: each of its rows is told of, and what somebody should look at stands last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from backend.shop.importing.sales import Found
from backend.shop.importing.source import Source, lines_words
from models.core.formatting import money_words
from models.core.wording import counted

UNREAD_SHOWN = 10
IDS_SHOWN = 5


@dataclass(slots=True)
class Report:
    """What became of a file: each of its rows is told of."""

    found: Found
    source: Source
    understood: str
    """How amounts and times were read."""
    shifted: timedelta = timedelta()
    orders: Counter[str] = field(default_factory=Counter)
    refunds: Counter[str] = field(default_factory=Counter)
    here_already: dict[str, int] = field(default_factory=dict)
    """By status: how many orders of rows that were left out an earlier file brought; they stay as they are."""
    doubts: Mapping[str, list[str]] = field(default_factory=dict)
    """What does not fit of refunds and their orders: words, and the ids."""
    first: tuple[str, ...] = ()
    """The first rows as they were understood, of a preview."""

    @property
    def rows(self) -> int:
        """Rows that are not blank."""
        return self.found.rows

    @property
    def unknown_countries(self) -> Counter[str]:
        """Names of countries that nobody knows."""
        return self.found.unknown_countries

    def __str__(self) -> str:
        """Words for the person who imported it."""
        found = self.found
        lines = [f"read as {self.source}; {self.understood}", f"{counted(found.rows, 'row')} read", *self._left_out()]
        for name, counts, here in (
            ("orders", self.orders, found.orders),
            ("refunds", self.refunds, found.refunds + found.undated),
        ):
            if self.first:
                lines.append(f"{name}: {here:,}")
            else:
                known = counts["new"], counts["corrected"], counts["known"]
                lines.append("{}: {:,} new, {:,} corrected, {:,} known already".format(name, *known))
        lines += [
            f"{money_words(minor, code)} in {what}"
            for (what, code), minor in sorted(found.amounts.items())
            if minor or what == "orders"
        ]
        if found.undated:
            lines.append(
                f"{counted(found.undated, 'refund')} without an instant of their own in the file; dated as their orders"
            )
        if found.twice:
            lines.append(f"{counted(found.twice, 'instant')} in an hour that came twice; the earlier one is meant")
        if self.shifted:
            lines.append(f"moved by {counted(self.shifted.days, 'day')}")
        if self.unknown_countries:
            names = ", ".join(f"{name} ({count})" for name, count in self.unknown_countries.most_common())
            lines.append(f"kept as given, not in ISO 3166: {names}")
        if self.first:
            lines += ["the first rows, as they would land:", *self.first, "nothing was imported"]
        if remarks := list(self.remarks()):
            lines += ["PLEASE LOOK AT THIS:", *(f"- {words}" for words in remarks)]
        return "\n".join(lines)

    def _left_out(self) -> Iterator[str]:
        source, found = self.source, self.found
        if source.alike:
            yield f"columns called like a field, and not looked at: {', '.join(source.alike)}"
        if unread := source.unread[len(source.alike) :]:
            more = f" and {len(unread) - UNREAD_SHOWN} more" if len(unread) > UNREAD_SHOWN else ""
            yield f"columns not looked at: {', '.join(unread[:UNREAD_SHOWN])}{more}"
        if source.preamble:
            yield f"left out before the header: {lines_words(source.preamble)}"
        if found.continuations:
            yield f"left out, they continue an order above: {counted(found.continuations, 'row')}"
        if found.parts:
            yield f"added to an order above: {counted(found.parts, 'row')}"
        for status, count in sorted(found.left_out.items()):
            yield f"left out, {status}: {counted(count, 'row')}"
        if found.totals:
            yield f"left out, the sum of those above: {lines_words(found.totals)}"

    def remarks(self) -> Iterator[str]:
        """What is not as the file says, or not known, and should not be overlooked."""
        found = self.found
        if found.said_refunded:
            lines = lines_words(sale.line for sale in found.said_refunded.values())
            orders = counted(len(found.said_refunded), "order is", "orders are")
            yield (
                f"{orders} said to be refunded, and the file does not say how much: {lines}. Until that is known they "
                "count as sales; where all was given back, say --refunded-in-full"
            )
        if found.failed_refunds:
            many = len(found.failed_refunds)
            yield (
                f"{counted(many, 'refund')} failed of which the file has no other row: "
                f"{lines_words(sale.line for sale in found.failed_refunds)}. If an earlier file brought "
                f"{'it' if many == 1 else 'them'}, {'it stays' if many == 1 else 'they stay'} a refund"
            )
        for status, count in sorted(self.here_already.items()):
            stay = "is in the shop already and stays" if count == 1 else "are in the shop already and stay"
            yield f"{count:,} of the orders that are {status} {stay} a sale: an earlier file brought them as one"
        if found.stateless:
            orders = counted(len(found.stateless), "order")
            yield f"{orders} without a state, taken as paid: {lines_words(found.stateless)}"
        for words, ids in self.doubts.items():
            more = f" and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
            yield f"{words} ({len(ids):,}): {', '.join(ids[:IDS_SHOWN])}{more}"
