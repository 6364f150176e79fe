"""What a region's periods come to, and what a return declares of it. Pure: the same in gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

from backend.reporting.returns.periods import corrected_until, due_on, end_of
from models.reporting import DeltaCause, Region, TaxPart, TaxRegime

FORMAT: Final = "opsconsole tax return 1"

Filed = Mapping[tuple[date, str], int]
"""What was declared, by period and state; minor units of the return."""


class Figure(NamedTuple):
    """What was charged in one currency at one rate, and what that is in the currency of the return."""

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


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a return."""

    part: TaxPart
    period: date
    state: str
    kind: str | None
    rate: Decimal | None
    net: int
    tax: int
    causes: tuple[DeltaCause, ...] = ()
    charged: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Return:
    """What is filed."""

    lines: tuple[Line, ...]
    payable: int
    nil: bool
    content: str
    unpublished: tuple[Figure, ...] = ()
    """Figures of the period that nobody can convert yet."""

    @property
    def sha256(self) -> str:
        """Of the content."""
        return sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """All that a return is made of."""

    region: Region
    period: date
    cut: int
    figures: Sequence[Figure]
    """Of the period and all before it, at the cut."""
    figures_then: Sequence[Figure] = ()
    """The same at the cut of the return before: what changed since."""
    cut_before: int = 0
    """That one."""
    filed: Filed = field(default_factory=dict)
    builds_on: Sequence[tuple[UUID, str]] = ()
    """The live returns before it, with what they hash to."""
    buckets: Sequence[tuple[str, str, int, int, int]] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)


def known(figures: Iterable[Figure]) -> dict[tuple[date, str], int]:
    """Tax by period and state; what nobody can convert is left out."""
    found: dict[tuple[date, str], int] = {}
    for each in figures:
        if each.declared_tax is not None:
            key = each.period, each.state
            found[key] = found.get(key, 0) + each.declared_tax
    return found


def delta(basis: Basis) -> dict[tuple[date, str], int]:
    """What is known now less what was filed, of periods before this one."""
    now = known(each for each in basis.figures if each.period < basis.period)
    found = {key: now.get(key, 0) - basis.filed.get(key, 0) for key in now.keys() | basis.filed.keys()}
    return {key: tax for key, tax in sorted(found.items()) if tax and key[0] < basis.period}


def make_return(basis: Basis) -> Return:
    """The return of a period: its own lines, differences of earlier ones, balances, what is payable."""
    own, unpublished = _own_lines(basis)
    lines = [*own, *_corrections(basis)]
    balances: dict[str, int] = {}
    for line in lines:
        if line.part is not TaxPart.DIRECT:
            balances[line.state] = balances.get(line.state, 0) + line.tax
    # A negative balance of one state is never set off against another's.
    payable = sum(max(tax, 0) for tax in balances.values())
    nil = not lines
    content = _content(basis, lines, balances, payable, nil=nil)
    return Return(tuple(lines), payable, nil, content, tuple(unpublished))


def _own_lines(basis: Basis) -> tuple[list[Line], list[Figure]]:
    groups: dict[tuple[str, str, Decimal], list[Figure]] = {}
    unpublished = []
    for each in basis.figures:
        if each.period == basis.period:
            if each.declared_tax is None or each.declared_net is None:
                unpublished.append(each)
            else:
                groups.setdefault((each.state, each.kind, each.rate), []).append(each)
    lines = []
    for (state, kind, rate), figures in sorted(groups.items()):
        net = sum(each.declared_net or 0 for each in figures)
        tax = sum(each.declared_tax or 0 for each in figures)
        if net or tax:
            lines.append(Line(TaxPart.OWN, basis.period, state, kind, rate, net, tax, (), tuple(figures)))
    return lines, unpublished


def _corrections(basis: Basis) -> Iterable[Line]:
    filing = due_on(basis.region, basis.period)
    then, now = _inputs(basis.figures_then), _inputs(basis.figures)
    for (period, state), tax in delta(basis).items():
        # Only the one-stop shop has periods that can be corrected in a later return, and an end to it.
        old = basis.region.regime is TaxRegime.EU_OSS and filing > corrected_until(basis.region, period)
        causes = _causes(then.get((period, state), {}), now.get((period, state), {}))
        yield Line(TaxPart.DIRECT if old else TaxPart.CORRECTION, period, state, None, None, 0, tax, causes)


_Inputs = dict[tuple[date, str], dict[tuple[str, Decimal, str], tuple[Any, ...]]]


def _inputs(figures: Iterable[Figure]) -> _Inputs:
    found: _Inputs = {}
    for each in figures:
        made_of = (each.net, each.tax), (each.per_eur, each.declared_per_eur), each.rules
        found.setdefault((each.period, each.state), {})[each.kind, each.rate, each.currency] = made_of
    return found


def _causes(then: Mapping[Any, tuple[Any, ...]], now: Mapping[Any, tuple[Any, ...]]) -> tuple[DeltaCause, ...]:
    nothing = (0, 0), None, None
    changed = set()
    for key in then.keys() | now.keys():
        for cause, before, after in zip(DeltaCause, then.get(key, nothing), now.get(key, nothing), strict=True):
            if before != after and before is not None and after is not None:
                changed.add(cause)
    return tuple(cause for cause in DeltaCause if cause in changed)


def _content(basis: Basis, lines: Sequence[Line], balances: Mapping[str, int], payable: int, *, nil: bool) -> str:
    region = basis.region
    made = {
        "format": FORMAT,
        "region": region.region,
        "regime": region.regime,
        "registration": {"number": region.number, "home": region.home, "zone": region.zone},
        "periodStart": basis.period,
        "periodEnd": end_of(basis.period, region.period),
        "dueOn": due_on(region, basis.period),
        "currency": region.currency,
        "cut": basis.cut,
        "buildsOn": [{"reportId": str(number), "sha256": digest} for number, digest in basis.builds_on],
        "inputs": basis.inputs,
        "nil": nil,
        "lines": [_line(line) for line in lines if line.part is TaxPart.OWN],
        "corrections": [_line(line) for line in lines if line.part is TaxPart.CORRECTION],
        "direct": [_line(line) for line in lines if line.part is TaxPart.DIRECT],
        "balances": [{"state": state, "tax": tax} for state, tax in sorted(balances.items())],
        "payable": payable,
        "notInReturn": [
            {"why": why, "currency": currency, "net": net, "tax": tax, "orders": orders}
            for why, currency, net, tax, orders in basis.buckets
        ],
    }
    return json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _line(line: Line) -> dict[str, Any]:
    plain: dict[str, Any] = {"state": line.state, "tax": line.tax}
    if line.part is not TaxPart.OWN:
        return plain | {"period": line.period, "causes": list(line.causes)}
    return plain | {
        "kind": line.kind,
        "rate": None if line.rate is None else f"{line.rate:f}",
        "net": line.net,
        "charged": [
            {
                "currency": each.currency,
                "net": each.net,
                "tax": each.tax,
                "perEur": None if each.per_eur is None else f"{each.per_eur.normalize():f}",
                "rateDay": each.rate_day,
            }
            for each in line.charged
        ],
    }
