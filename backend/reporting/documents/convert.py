"""What sums of documents are in the currency of a return: its own look-up of rates and rules, its own rounding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from models.core.money import decimals

NEXT_WITHIN: Final = timedelta(days=8)


class Published(NamedTuple):
    """What a euro was worth on a day."""

    day: date
    seq: int
    per_eur: Decimal


class Rule(NamedTuple):
    """What holds of a regime from a day on."""

    valid_from: date
    seq: int
    refund_period: str
    chargeback_lowers: bool


class Charged(NamedTuple):
    """A document's part in a figure, with what decides on its period."""

    source: str
    tax_date: date
    event_date: date
    state: str
    kind: str
    rate: Decimal
    currency: str
    net: int
    tax: int


class Converted(NamedTuple):
    """As ``backend.reporting.returns.figures.Figure``, field by field."""

    period: date
    state: str
    kind: str
    rate: Decimal
    currency: str
    net: int
    tax: int
    rules: tuple[int, ...]
    per_eur: Decimal | None
    rate_day: date | None
    rate_seq: int | None
    declared_per_eur: Decimal | None
    declared_net: int | None
    declared_tax: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what a region's sums are converted."""

    months: int
    """Of a period."""
    currency: str
    rates: Mapping[str, Sequence[Published]]
    """By currency; of a day that was corrected, all there ever were."""
    rules: Sequence[Rule]
    cut: int


def convert(charged: Iterable[Charged], terms: Terms) -> list[Converted]:
    """Sums by period, state, kind, rate and currency, each converted once."""
    sums: dict[tuple[date, str, str, Decimal, str], list[int]] = {}
    rules: dict[tuple[date, str, str, Decimal, str], set[int]] = {}
    for each in charged:
        rule = _rule(terms, each.tax_date)
        if each.source == "chargeback" and not rule.chargeback_lowers:
            continue
        deciding = each.event_date if rule.refund_period == "document" else each.tax_date
        key = _period(deciding, terms.months), each.state, each.kind, each.rate, each.currency
        both = sums.setdefault(key, [0, 0])
        both[0] += each.net
        both[1] += each.tax
        rules.setdefault(key, set()).add(rule.seq)
    found = []
    for key in sorted(sums):
        net, tax = sums[key]
        if net or tax:
            period, state, kind, rate, currency = key
            last = _last_day(period, terms.months)
            one = other = None
            factor: Fraction | None = Fraction(1)
            if currency != terms.currency:
                one, other = _published(terms, currency, last), _published(terms, terms.currency, last)
                factor = None if one is None or other is None else _factor(one, currency, other, terms.currency)
            found.append(
                Converted(
                    period,
                    state,
                    kind,
                    rate,
                    currency,
                    net,
                    tax,
                    tuple(sorted(rules[key])),
                    None if one is None else one.per_eur,
                    None if one is None else one.day,
                    None if one is None else one.seq,
                    None if other is None else other.per_eur,
                    None if factor is None else _whole(net * factor),
                    None if factor is None else _whole(tax * factor),
                )
            )
    return found


def _factor(one: Published, currency: str, other: Published, declared: str) -> Fraction:
    shift = Fraction(10) ** (decimals(declared) - decimals(currency))
    return Fraction(other.per_eur) / Fraction(one.per_eur) * shift


def _whole(amount: Fraction) -> int:
    """Half away from zero, on both sides of it."""
    whole, rest = divmod(abs(amount), 1)
    rounded = int(whole) + (1 if rest * 2 >= 1 else 0)
    return rounded if amount >= 0 else -rounded


def _published(terms: Terms, currency: str, wanted: date) -> Published | None:
    if currency == "EUR":
        return Published(wanted, 0, Decimal(1))
    known = [
        each
        for each in terms.rates.get(currency, ())
        if each.seq <= terms.cut and wanted <= each.day < wanted + NEXT_WITHIN
    ]
    return min(known, key=lambda each: (each.day, -each.seq), default=None)


def _rule(terms: Terms, day: date) -> Rule:
    first = day.replace(day=1)
    return max(
        (each for each in terms.rules if each.valid_from <= first and each.seq <= terms.cut),
        key=lambda each: (each.valid_from, each.seq),
    )


def _period(day: date, months: int) -> date:
    return date(day.year, day.month - (day.month - 1) % months, 1)


def _last_day(period: date, months: int) -> date:
    beyond = date(period.year + (period.month + months > 12), (period.month + months - 1) % 12 + 1, 1)
    return beyond - timedelta(days=1)
