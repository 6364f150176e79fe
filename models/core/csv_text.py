"""CSV as console, reports and audit write it, and as the import of orders reads it again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

BOM: Final = "\ufeff"
"""Some spreadsheets read a file as UTF-8 only when it begins with this mark."""

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet would run; apostrophes before it are somebody's own."""


def csv_text(header: Iterable[str], rows: Iterable[Iterable[str | float | None]], *, bom: bool = False) -> str:
    """A header and rows; what is not known is empty. Texts that a spreadsheet would run as a formula are quoted."""
    out = io.StringIO()
    out.write(BOM if bom else "")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(map(guarded, header))
    writer.writerows(["" if cell is None else guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def guarded(cell: str | float) -> str | float:
    """A cell that no spreadsheet takes for a formula; numbers are none."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unguarded(text: str) -> str:
    """A cell as it was before it was guarded."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
