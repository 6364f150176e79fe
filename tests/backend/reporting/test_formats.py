"""Forms of a report: the same content gives the same bytes, no amount was a float, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from backend.reporting.formats import FORMATS, formats_of
from backend.reporting.formats.amounts import amount
from backend.reporting.returns.boxes import boxes
from models.reporting import TaxRegime

LINE = {
    "state": "DE",
    "kind": "standard",
    "rate": "19",
    "net": 10_000,
    "tax": 1_900,
    "charged": [
        {"currency": "EUR", "net": 9_000, "tax": 1_710, "perEur": None, "rateDay": None},
        {"currency": "JPY", "net": 1_600, "tax": 304, "perEur": "160", "rateDay": "2024-03-29"},
    ],
}
CONTENT: dict[str, Any] = {
    "region": "EU-OSS",
    "registration": {"number": "=1+1", "home": "ES", "zone": "Europe/Madrid"},
    "periodStart": "2024-01-01",
    "periodEnd": "2024-03-31",
    "dueOn": "2024-04-30",
    "currency": "EUR",
    "cut": 17,
    "inputs": {},
    "nil": False,
    "lines": [LINE],
    "corrections": [{"state": "=cmd", "period": "2023-10-01", "tax": -30, "causes": ["facts"]}],
    "direct": [{"state": "FR", "period": "2020-10-01", "tax": 5, "causes": ["rates", "facts"]}],
    "balances": [{"state": "DE", "tax": 1_900}, {"state": "FR", "tax": -30}],
    "payable": 1_900,
    "notInReturn": [{"why": "home", "currency": "EUR", "net": 500, "tax": 105, "orders": 1}],
}
FOUND = {
    "orders": 3,
    "findings": {"evidence_missing": 2},
    "charged": {"EUR": {"order.gross": 10_710, "taxed.tax": 1_710}},
}


def rendered(name: str, content: dict[str, Any] = CONTENT) -> bytes:
    return FORMATS[name].render(json.dumps(content), content, FOUND)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(-30, "EUR", "-0.30"), (-130, "EUR", "-1.30"), (5, "EUR", "0.05"), (-7, "JPY", "-7"), (1_234, "KWD", "1.234")],
)
def test_amounts(minor: int, currency: str, text: str) -> None:
    assert amount(minor, currency) == text


def test_csv_says_what_each_figure_is() -> None:
    rows = list(csv.reader(io.StringIO(rendered("csv").decode())))
    assert rows[1][:8] == ["own", "2024-01-01", "DE", "standard", "19", "EUR", "100.00", "19.00"]
    assert rows[1][8:] == ["EUR", "90.00", "17.10", "", "", ""]
    assert rows[2][6:13] == ["", "", "JPY", "1600", "304", "160", "2024-03-29"]
    assert rows[3][0:3] == ["correction", "2023-10-01", "'=cmd"]
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert rows[-2][0] == "payable"
    assert rows[-1][0] == "in no return: home"


def test_a_union_return_by_state() -> None:
    made = json.loads(rendered("oss"))
    assert made["supplies"][0]["fromHome"] == [
        {"rateType": "STANDARD", "rate": "19", "taxableAmount": "100.00", "vatAmount": "19.00"}
    ]
    assert made["corrections"] == [
        {"period": {"year": 2023, "quarter": 4}, "memberState": "=cmd", "vatAmount": "-0.30"}
    ]
    assert made["totalPayable"] == "19.00"


def test_the_nine_boxes() -> None:
    content = CONTENT | {
        "currency": "GBP",
        "inputs": {"periodKey": "24A1", "purchases": {"vat": 5_000, "net": 25_099}},
        "lines": [LINE | {"net": -10_099, "tax": 1_900}],
        "corrections": [],
    }
    found = boxes(content)
    assert found == (1_900, 0, 1_900, 5_000, 3_100, -100, 250, 0, 0)
    assert found.total_vat_due == found.vat_due_sales + found.vat_due_acquisitions
    text = rendered("mtd", content).decode()
    assert json.loads(text)["netVatDue"] == 31.0
    assert '"vatDueSales": 19.00' in text
    assert '"periodKey": "24A1"' in text
    assert "finalised" not in text
    assert "periodKey" not in rendered("mtd", content | {"inputs": {}}).decode()


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_content_gives_the_same_bytes(name: str) -> None:
    assert rendered(name) == rendered(name)


def test_a_page_for_people() -> None:
    assert rendered("pdf").startswith(b"%PDF")
    nil = CONTENT | {"lines": [], "corrections": [], "direct": [], "balances": [], "notInReturn": [], "payable": 0}
    assert rendered("pdf", nil).startswith(b"%PDF")


def test_which_regime_has_what() -> None:
    assert {each.name for each in formats_of(TaxRegime.EU_OSS)} == {"json", "csv", "pdf", "oss"}
    assert {each.name for each in formats_of(TaxRegime.UK_VAT)} == {"json", "csv", "pdf", "mtd"}
    assert {each.name for each in formats_of(TaxRegime.US_SALES)} == {"json", "csv", "pdf"}
    assert {each.name for each in FORMATS.values() if each.unverified} == {"oss", "mtd"}
