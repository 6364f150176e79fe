"""Whether documents, facts and a return agree to the cent, and what is odd about the documents. It only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from backend.core.database import Connection
from backend.reporting.documents import reads as documents
from backend.reporting.documents.compute import Entry, Sums
from backend.reporting.documents.convert import Charged, Converted, convert
from backend.reporting.documents.oddities import oddities
from backend.reporting.returns.figures import Basis, Figure
from backend.reporting.returns.periods import end_of
from models.core.formatting import money_words
from models.reporting import BLOCKING, TaxFindingKind, TaxRegime

FINDINGS_MOST: Final = 10_000
"""That are kept of one report; the counts are of all."""


@dataclass(slots=True)
class Reconciliation:
    """What was found."""

    findings: list[tuple[TaxFindingKind, str | None, str]] = field(default_factory=list)
    counts: Counter[TaxFindingKind] = field(default_factory=Counter)
    orders: int = 0
    charged: dict[str, Counter[str]] = field(default_factory=dict)
    """By currency: what orders, payments, refunds and the report come to."""

    def add(self, kind: TaxFindingKind, words: str, order_id: str | None = None) -> None:
        """Note one thing."""
        self.counts[kind] += 1
        if len(self.findings) < FINDINGS_MOST or kind in BLOCKING:
            self.findings.append((kind, order_id, words))

    def blocked(self) -> bool:
        """Whether anything keeps the report from being approved."""
        return any(kind in BLOCKING for kind in self.counts)

    def summary(self) -> dict[str, Any]:
        """For people, and for the files."""
        return {
            "orders": self.orders,
            "findings": {kind.value: count for kind, count in sorted(self.counts.items())},
            "charged": {currency: dict(sums) for currency, sums in sorted(self.charged.items())},
        }


async def reconcile(connection: Connection, basis: Basis) -> Reconciliation:
    """Hold a return against the documents of its period, order by order, and against a second conversion."""
    found = Reconciliation()
    region, period = basis.region, basis.period
    end = end_of(period, region.period)
    waiting = await documents.pending(connection)
    known, table = await documents.world(connection), await documents.rate_table(connection)
    terms = await documents.terms(connection, region, basis.cut)
    states = frozenset(country for country, _ in table) if region.regime is TaxRegime.EU_OSS else frozenset()
    entries: list[Charged] = []
    async for ids in documents.orders_of_period(connection, region, period, end, cut=basis.cut, then=basis.cut_before):
        for each in await documents.compared(connection, known, ids, basis.cut):
            # What changed since the fold is not in the facts yet, and not in this return either.
            late = each.document.id in waiting
            counted_by = each.by_facts if late else each.by_documents
            if not late:
                _differences(found, each.document.id, each.differences())
            mine = [(entry, sums) for entry, sums in counted_by.items() if entry.cell.region == region.region]
            entries += _charged(mine)
            if (day := _day_within(counted_by, region.region, period, end)) is not None:
                found.orders += 1
                _add_up(found, counted_by, region.region, period, end)
                for oddity in oddities(
                    each.document, one_evidence=region.one_evidence, rates=table, day=day, states=states
                ):
                    found.add(oddity.kind, oddity.words, each.document.id)
    _compare(found, basis, [each for each in convert(entries, terms) if each.period == period])
    return found


def _differences(found: Reconciliation, order_id: str, differences: Mapping[Entry, Sums]) -> None:
    for entry, sums in differences.items():
        place = entry.cell.state or "no place"
        net, tax = (money_words(each, entry.cell.currency) for each in sums)
        found.add(
            TaxFindingKind.FACTS_DIFFER,
            f"by its documents {entry.source_id} has {net} net and {tax} tax more in {place} on {entry.tax_date} "
            "than the facts say",
            order_id,
        )


def _charged(entries: Iterable[tuple[Entry, Sums]]) -> Iterable[Charged]:
    for entry, sums in entries:
        cell = entry.cell
        if cell.bucket == "taxed" and cell.state is not None and cell.kind is not None and cell.rate is not None:
            yield Charged(
                cell.source,
                entry.tax_date,
                entry.event_date,
                cell.state,
                cell.kind,
                cell.rate,
                cell.currency,
                sums.net,
                sums.tax,
            )


def _concerns(entry: Entry, region: str, start: date, end: date) -> bool:
    mine = entry.cell.region == region or (entry.cell.bucket == "unattributable" and entry.cell.region is None)
    return mine and (start <= entry.tax_date <= end or start <= entry.event_date <= end)


def _day_within(entries: Mapping[Entry, Sums], region: str, start: date, end: date) -> date | None:
    """The day of tax of an order that concerns the period."""
    return next((entry.tax_date for entry in entries if _concerns(entry, region, start, end)), None)


def _add_up(found: Reconciliation, entries: Mapping[Entry, Sums], region: str, start: date, end: date) -> None:
    for entry, sums in entries.items():
        if _concerns(entry, region, start, end):
            by = found.charged.setdefault(entry.cell.currency, Counter())
            by[f"{entry.cell.source}.gross"] += sums.net + sums.tax
            by[f"{entry.cell.bucket}.net"] += sums.net
            by[f"{entry.cell.bucket}.tax"] += sums.tax


def _compare(found: Reconciliation, basis: Basis, second: Sequence[Converted]) -> None:
    """Two computations of the same figures: which of them differ, and in what."""
    first = {_key(each): each for each in basis.figures if each.period == basis.period}
    other = {_key(each): each for each in second}
    for key in sorted(first.keys() | other.keys()):
        one, two = first.get(key), other.get(key)
        state, kind, rate, currency = key
        where = f"{state}, {kind} {rate} % in {currency}"
        if one is None or two is None or (one.net, one.tax) != (two.net, two.tax):
            mine = "nothing" if one is None else money_words(one.tax, currency)
            theirs = "nothing" if two is None else money_words(two.tax, currency)
            found.add(TaxFindingKind.SUMS_DIFFER, f"{where}: {mine} tax by the facts, {theirs} by the documents")
        elif (one.declared_net, one.declared_tax) != (two.declared_net, two.declared_tax):
            declared = basis.region.currency
            mine, theirs = (
                "nothing" if each is None else money_words(each, declared)
                for each in (one.declared_tax, two.declared_tax)
            )
            found.add(TaxFindingKind.ROUNDING_DIFFERS, f"{where}: {mine} tax in the return, {theirs} converted anew")
        elif one.declared_tax is None:
            words = f"{where}: no rate was published for the last day of the period, nor in the week after it"
            found.add(TaxFindingKind.RATE_NOT_PUBLISHED, words)


def _key(each: Figure | Converted) -> tuple[str, str, Any, str]:
    return each.state, each.kind, each.rate, each.currency


def shown(found: Reconciliation) -> list[dict[str, Any]]:
    """Findings as rows of the database, what blocks first."""
    ordered = sorted(found.findings, key=lambda each: (each[0] not in BLOCKING, each[0], each[1] or ""))
    return [
        {"n": n, "what": kind, "blocking": kind in BLOCKING, "order_id": order_id, "words": words}
        for n, (kind, order_id, words) in enumerate(ordered, 1)
    ]
