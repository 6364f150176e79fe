"""Whatever a file is made of: all of its money lands, or it is refused and says where. Nothing is lost in silence."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.database import Database
from backend.shop.importing.orders import ImportFailedError, ImportOptions, import_orders
from tests.backend.shop.fixtures import silent

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
BLANK = ["", " ", "\u200b"]


@dataclass(frozen=True)
class Row:
    cells: tuple[str, str, str]
    minor: int
    """What of it must land."""


def _amount(minor: int, style: str) -> str:
    sign, units, cents = "-" if minor < 0 else "", abs(minor) // 100, abs(minor) % 100
    grouped = f"{units:,}"
    return (
        sign
        + {
            "point": f"{units}.{cents:02}",
            "comma": f"{units},{cents:02}",
            "english": f"{grouped}.{cents:02}",
            "german": f"{grouped.replace(',', '.')},{cents:02}",
            "long": f"{units}.{cents:02}00",
            "thousandths": f"{units}.{cents:02}0",
            "whole": f"{units}" if not cents else f"{units}.{cents:02}",
        }[style]
    )


@st.composite
def _rows(draw: st.DrawFn) -> list[Row]:
    style = draw(st.sampled_from(["point", "comma", "english", "german", "long", "thousandths", "whole"]))
    rows: list[Row] = []
    for number in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["sale"] * 5 + ["blank", "continuation", "sum", "anything"]))
        order = draw(st.sampled_from(["A", "B", "C", "C\u200b", "\ufeffD", " E ", f"o{number}"]))
        at = START + timedelta(days=number)
        written = draw(st.sampled_from([at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S} +0000", f"{at:%Y-%m-%dT%H:%M:%SZ}"]))
        if kind == "sale":
            minor = draw(st.integers(-500_000, 5_000_000) | st.sampled_from([0, 250_000, 100]))
            # Where others show that a point groups digits, 12.340 is 12340, and rightly so.
            odd = ["comma", "point"] + (["thousandths"] if style != "german" else [])
            one = draw(st.sampled_from([style] * 9 + odd))
            rows.append(Row((order, written, _amount(minor, one)), minor))
        elif kind == "blank":
            cells = [draw(st.sampled_from(BLANK)) for _ in range(3)]
            rows.append(Row((cells[0], cells[1], cells[2]), 0))
        elif kind == "continuation":
            rows.append(Row((order, draw(st.sampled_from(["", written])), ""), 0))
        elif kind == "sum":
            minor = sum(row.minor for row in rows) + draw(st.sampled_from([0, 0, 1]))
            rows.append(Row((draw(st.sampled_from(["Total", ""])), "", _amount(minor, style)), 0))
        else:
            texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\0"'), max_size=5)
            rows.append(
                Row((draw(texts), draw(texts), f"?{draw(texts)}"), 10**9)
            )  # if it landed, the sum would be wrong
    return rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=120)
@given(
    rows=_rows(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    preamble=st.sampled_from(["", "Orders of January", "\ufeff", "sep="]),
    sum_lines=st.booleans(),
)
def test_what_lands_adds_up(
    owner_url: str,
    tmp_path: Path,
    rows: list[Row],
    delimiter: str,
    ending: str,
    encoding: str,
    preamble: str,
    sum_lines: bool,
) -> None:
    def quoted(cells: tuple[str, ...]) -> str:
        return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells)

    lines = [quoted(("order_id", "placed_at", "total")), *(quoted(row.cells) for row in rows)]
    text = f"{preamble}{ending}" if preamble else ""
    file = tmp_path / "f.csv"
    file.write_bytes((text + "".join(f"{line}{ending}" for line in lines)).encode(encoding))
    before, after, report = asyncio.run(_import(owner_url, file, sum_lines))
    if isinstance(report, str):
        assert after == before, "it is refused, and nothing of it is there"
        assert re.search(r"line \d+|no rows", report), report
        return
    assert after[0] == sum(row.minor for row in rows), "all the money of the file"
    found = report.found
    assert found.rows == found.orders + found.refunds + found.continuations + found.parts + len(found.totals)
    assert after[1] == found.orders + found.refunds
    assert report.orders["new"] + report.refunds["new"] == found.orders + found.refunds
    amounts = found.amounts
    assert amounts["orders", "EUR"] - amounts["refunds", "EUR"] == after[0]


async def _import(url: str, file: Path, sum_lines: bool) -> tuple[Any, Any, Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "delete from orders; delete from refunds; delete from risk_pending; delete from rollup_delta"
        )
    database = Database(url)
    await database.open()
    try:
        before = _sums(url)
        try:
            report: Any = await import_orders(
                database, file, ImportOptions(currency="EUR", sum_lines=sum_lines), silent
            )
        except ImportFailedError as error:
            report = str(error)
        return before, _sums(url), report
    finally:
        await database.close()


def _sums(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select (select coalesce(sum(minor), 0) from orders) - (select coalesce(sum(minor), 0) from refunds),"
            " (select count(*) from orders) + (select count(*) from refunds)"
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
