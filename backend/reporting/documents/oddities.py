"""What is odd about one order: what keeps it out of a return, and what finance should look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from backend.reporting.documents.compute import Document
from backend.reporting.documents.evidence import Verdict, place
from models.core.formatting import money_words
from models.reporting import TaxFindingKind as Kind

HALF = Decimal("0.5")
"""Cents of a line by which what was charged may differ from rate × net."""


class TaxRate(NamedTuple):
    """What ought to be charged in a country from a day on."""

    country: str
    kind: str
    rate: Decimal
    valid_from: date
    valid_to: date | None


class Oddity(NamedTuple):
    """One thing."""

    kind: Kind
    words: str


def oddities(
    document: Document,
    *,
    one_evidence: bool,
    rates: Mapping[tuple[str, str], Sequence[TaxRate]],
    day: date,
    states: frozenset[str],
) -> Iterator[Oddity]:
    """What is odd about an order. ``states``: those whose rates are known; ``day``: that of its tax."""
    tax = document.tax
    if tax is None:
        yield Oddity(Kind.NOT_ATTRIBUTABLE, "it came without tax lines: have the shop send it again with them")
    else:
        yield from _sums(document, tax)
        yield from _customer(tax, states, one_evidence=one_evidence)
        for line in tax["lines"]:
            yield from _rate(line, rates, day, inclusive=tax.get("inclusive", True))
    yield from _refunds(document)


def _sums(document: Document, tax: Mapping[str, Any]) -> Iterator[Oddity]:
    net, taxed = (sum(line[name] for line in tax["lines"]) for name in ("net", "tax"))
    said = net + taxed if tax.get("inclusive", True) else net
    if said != document.minor:
        lines, total = money_words(said, document.currency), money_words(document.minor, document.currency)
        yield Oddity(Kind.LINES_DO_NOT_SUM, f"its tax lines come to {lines}, and its total is {total}")


def _customer(tax: Mapping[str, Any], states: frozenset[str], *, one_evidence: bool) -> Iterator[Oddity]:
    if tax.get("vatIdValid") is False:
        yield Oddity(Kind.VAT_ID_INVALID, "its VAT id does not check; it counts as a consumer's")
    business = tax.get("status") == "business" and tax.get("vatIdValid") is True
    charged = {line["jurisdiction"].split("-", 1)[0] for line in tax["lines"]}
    if business or not charged & states:
        return
    found = place(((each["kind"], each["country"]) for each in tax.get("evidence", ())), one_is_enough=one_evidence)
    if found.verdict is Verdict.CONTRADICTS:
        yield Oddity(Kind.EVIDENCE_CONTRADICTS, "what shows where the customer is contradicts itself")
    elif found.verdict is Verdict.MISSING:
        yield Oddity(Kind.EVIDENCE_MISSING, "it takes two kinds of evidence of where the customer is")
    elif found.country not in charged:
        where = ", ".join(sorted(charged))
        yield Oddity(Kind.EVIDENCE_ELSEWHERE, f"evidence says {found.country}, and tax was charged for {where}")


def _rate(
    line: Mapping[str, Any], rates: Mapping[tuple[str, str], Sequence[TaxRate]], day: date, *, inclusive: bool
) -> Iterator[Oddity]:
    rate = Decimal(line["rate"])
    # Of a price that includes it, tax is rounded once, from the price: the net follows.
    allowed = HALF * (1 + rate / 100) if inclusive else HALF
    if abs(line["tax"] - Decimal(line["net"]) * rate / 100) > allowed:
        yield Oddity(
            Kind.TAX_DIFFERS, f"a line's tax is not {rate.normalize():f} % of its net by more than half a cent"
        )
    table = rates.get((line["jurisdiction"].split("-", 1)[0], line["kind"]))
    if table is not None:
        # At a border of days either day's rate is right: the invoice may have been written in another zone.
        right = {
            each.rate
            for each in table
            if each.valid_from.toordinal() <= day.toordinal() + 1
            and (each.valid_to is None or each.valid_to.toordinal() >= day.toordinal() - 1)
        }
        if right and rate not in right:
            known = " or ".join(f"{each.normalize():f}" for each in sorted(right))
            words = f"{line['jurisdiction']} was charged {rate.normalize():f} %, and the table has {known} % then"
            yield Oddity(Kind.RATE_DIFFERS, words)


def _refunds(document: Document) -> Iterator[Oddity]:
    charged = {(line["jurisdiction"], Decimal(line["rate"])) for line in (document.tax or {}).get("lines", ())}
    back = 0
    for refund in document.refunds:
        if refund.currency != document.currency:
            words = f"its refund {refund.id} is in {refund.currency}, the order in {document.currency}"
            yield Oddity(Kind.REFUND_CURRENCY, words)
        else:
            back += refund.minor
        if refund.refunded_at < document.placed_at:
            yield Oddity(Kind.REFUND_BEFORE, f"its refund {refund.id} lies before it")
        if refund.tax is None:
            if document.tax is not None:
                words = f"its refund {refund.id} came without tax lines: have the shop send it again with them"
                yield Oddity(Kind.NOT_ATTRIBUTABLE, words)
            continue
        if any((line["jurisdiction"], Decimal(line["rate"])) not in charged for line in refund.tax["lines"]):
            words = f"its refund {refund.id} gives back another rate, or tax of another place, than was charged"
            yield Oddity(Kind.REFUND_RATE, words)
    if back > document.minor:
        yield Oddity(Kind.REFUND_EXCEEDS, "its refunds come to more than it was worth")
