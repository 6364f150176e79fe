"""A report for people: what is declared, what was corrected, and how it was reconciled."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, Spacer, TableStyle

from backend.core.pdf import CELL, LINE, SECTION, SHADE, TEXT, TITLE, WIDTH, build, document, shown
from models.core.formatting import money


def to_pdf(text: str, content: Mapping[str, Any], found: Mapping[str, Any]) -> bytes:
    """On A4 pages. The same report gives the same pages."""
    del text
    out, currency = io.BytesIO(), content["currency"]
    title = f"{content['region']} {content['periodStart']} to {content['periodEnd']}"
    number, zone = content["registration"]["number"], content["registration"]["zone"]
    story: list[Any] = [
        Paragraph(shown(title), TITLE),
        Paragraph(shown(f"Registration {number}. Days are those of {zone}. Due on {content['dueOn']}."), TEXT),
        Paragraph(shown(f"Payable: {money(content['payable'], currency)} {currency}"), SECTION),
    ]
    own = [
        (each["state"], each["kind"].replace("_", " "), f"{each['rate']} %", *_money(each, currency))
        for each in content["lines"]
    ]
    story += _section("Supplies of the period", ("State", "Rate", "", "Net", "Tax"), own, "Nothing: a nil return.")
    for part, words in (("corrections", "Corrections of earlier periods"), ("direct", "Directly to the state")):
        rows = [
            (each["period"], each["state"], ", ".join(each["causes"]), money(each["tax"], currency))
            for each in content[part]
        ]
        if rows:
            story += _section(words, ("Period", "State", "Cause", "Tax"), rows, "")
    balances = [(each["state"], money(each["tax"], currency)) for each in content["balances"]]
    story += _section("Balances by state", ("State", "Tax"), balances, "None.")
    outside = [
        (each["why"], each["currency"], f"{each['orders']:,}", money(each["net"], each["currency"]))
        for each in content["notInReturn"]
    ]
    story += _section("In no return", ("Why", "Currency", "Orders", "Net"), outside, "Everything is in this return.")
    story += _reconciliation(found)
    build(document(out, shown(title)), story, f"opsconsole · {title} · facts up to {content['cut']}")
    return out.getvalue()


def _money(line: Mapping[str, Any], currency: str) -> tuple[str, str]:
    return money(line["net"], currency), money(line["tax"], currency)


def _reconciliation(found: Mapping[str, Any]) -> list[Any]:
    rows = [
        (currency, name.replace(".", ", "), money(minor, currency))
        for currency, sums in found.get("charged", {}).items()
        for name, minor in sorted(sums.items())
    ]
    story = _section("Reconciliation", ("Currency", "What", "Sum"), rows, "No order concerns this period.")
    odd = [(kind.replace("_", " "), f"{count:,}") for kind, count in found.get("findings", {}).items()]
    words = f"{found.get('orders', 0):,} orders were read again from their documents; they agree with the report."
    return [*story, Paragraph(shown(words), TEXT), *_section("To look at", ("What", "Orders"), odd, "Nothing.")]


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> list[Any]:
    head: list[Any] = [Paragraph(shown(title), SECTION), Spacer(1, 1 * mm)]
    if not rows:
        return [*head, Paragraph(shown(empty), TEXT)]
    cells = [[Paragraph(shown(cell), CELL) for cell in row] for row in (columns, *rows)]
    table = LongTable(cells, colWidths=[WIDTH / len(columns)] * len(columns), repeatRows=1)
    table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE), ("BACKGROUND", (0, 0), (-1, 0), SHADE)]))
    return [*head, table]
