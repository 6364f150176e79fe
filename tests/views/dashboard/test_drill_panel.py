"""The rows behind a figure as a file: what is on the screen is in it, and a spreadsheet runs none of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QStandardPaths, Qt

from models.core.csv_text import BOM, unguarded
from tests.views.office import Office, office, order, turns, until
from views.dashboard.drill_panel import DrillPanel

LINK = "/api/operations/orders?from=2026-11-17T12:00:00Z&to=2026-11-24T12:00:00Z"
FORMULAS = [
    order(1, id="-2+3+cmd|' /C calc'!A0", customerId="-1+1"),
    order(2, id="=1+1", customerId="\r=1+1", country="Türkiye"),
    order(3, id="@sum", customerId="\t=1"),
    order(4, id="'=own", customerId="+1"),
    order(5, id="plain, with a comma", customerId=None, total=-5),
]


def test_the_exported_rows_are_those_on_the_screen_and_run_nowhere(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _kind: str(tmp_path / "down"))

    async def steps(made: Office) -> None:
        panel = DrillPanel(made.console)
        panel.widget.show()
        panel.show_links([LINK])
        await until(lambda: panel.drill is not None and panel.drill.complete)
        await turns()
        table = panel._table
        assert table is not None
        records = table.records
        headers = [
            records.headerData(place, Qt.Orientation.Horizontal)
            for place in range(records.columnCount())
            if not table.isColumnHidden(place)
        ]
        panel.export.click()
        await until(lambda: list((tmp_path / "down").glob("*.csv")))
        (file,) = (tmp_path / "down").iterdir()
        plain = file.read_bytes()
        (header, *rows) = csv.reader(io.StringIO(plain.decode(), newline=""))
        assert header == headers
        assert [list(map(unguarded, row)) for row in rows] == [
            list(records.texts(place)) for place in range(records.rowCount())
        ]
        assert len(rows) == len(FORMULAS)
        texts = [cell for row in rows for cell in row]
        assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        file.unlink()
        (marked,) = (action for action in panel.menu() if "byte order mark" in action.text())
        marked.trigger()
        await until(lambda: list((tmp_path / "down").glob("*.csv")))
        (file,) = (tmp_path / "down").iterdir()
        assert file.read_bytes() == BOM.encode() + plain
        panel.widget.close()
        panel.widget.deleteLater()

    async def run() -> None:
        async with office(tmp_path / "profile", orders=FORMULAS) as made:
            await steps(made)

    aio(run())


def test_an_export_holds_all_rows_and_says_how_many_and_of_when(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _kind: str(tmp_path / "down"))

    async def run() -> None:
        async with office(tmp_path / "profile", orders=[order(n) for n in range(943)]) as made:
            panel = DrillPanel(made.console)
            panel.widget.show()
            panel.show_links([LINK])
            await until(lambda: panel.drill is not None and panel.drill.rows)
            assert panel.drill is not None
            assert len(panel.drill.rows) == 200
            assert "Tue 17 Nov 12:00–Tue 24 Nov 12:00 UTC" in panel.summary.text()
            panel.export.click()
            await until(lambda: list((tmp_path / "down").glob("*.csv")))
            (file,) = (tmp_path / "down").iterdir()
            assert len(file.read_text().splitlines()) == 944
            said = made.console.messages.history[-1].text
            assert said.startswith("Exported all 943 rows, Tue 17 Nov 12:00–Tue 24 Nov 12:00 UTC, to ")
            file.unlink()
            await panel.drill.filter(country="DE")
            panel.save_csv()
            await turns(1)
            panel.cancel.click()
            await until(lambda: not panel._exporting)
            assert made.console.messages.history[-1].text.startswith("Export cancelled at ")
            assert not list((tmp_path / "down").iterdir())
            panel.widget.close()
            panel.widget.deleteLater()

    aio(run())
