"""A frozen report in the forms that people and tax offices read; each a pure function of its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.reporting.formats import pdf, returns, tables
from models.reporting import TaxRegime

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """One form."""

    name: str
    suffix: str
    media_type: str
    title: str
    render: Callable[[str, Content, Content], bytes]
    """Of the frozen text, what it says, and the reconciliation."""
    regimes: frozenset[TaxRegime] = frozenset(TaxRegime)
    unverified: bool = False
    """Nobody has confirmed yet that a tax office takes it."""


FORMATS: Final = {
    each.name: each
    for each in (
        Format("json", "json", "application/json", "What is filed", lambda text, _content, _found: text.encode()),
        Format("csv", "csv", "text/csv", "Row by row", tables.to_csv),
        Format("pdf", "pdf", "application/pdf", "For people, with the reconciliation", pdf.to_pdf),
        Format(
            "oss",
            "oss.json",
            "application/json",
            "One-stop shop, by state",
            returns.to_oss,
            frozenset({TaxRegime.EU_OSS}),
            unverified=True,
        ),
        Format(
            "mtd",
            "mtd.json",
            "application/json",
            "Making Tax Digital",
            returns.to_mtd,
            frozenset({TaxRegime.UK_VAT}),
            unverified=True,
        ),
    )
}


def formats_of(regime: TaxRegime) -> tuple[Format, ...]:
    """Those that a regime has."""
    return tuple(each for each in FORMATS.values() if regime in each.regimes)
