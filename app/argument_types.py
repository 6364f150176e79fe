"""Types of arguments of the command line: from text to a value, or words about what is wrong with it."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

ORDER_FIELDS = (
    "order_id",
    "placed_at",
    "settled_at",
    "customer_id",
    "country",
    "currency",
    "total",
    "refund_id",
    "refunded",
    "status",
)
STATE_KINDS = ("paid", "pending", "left-out", "refunded", "partly-refunded")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def role(text: str) -> str:
    """A built-in role."""
    from models.core.permissions import BUILT_IN_ROLE_BY_ID

    if text not in BUILT_IN_ROLE_BY_ID:
        raise argparse.ArgumentTypeError(f"there is no role {text}; there are {', '.join(BUILT_IN_ROLE_BY_ID)}")
    return text


def web_address(text: str) -> str:
    """An http or https address, without a slash at its end."""
    if not text.startswith(("http://", "https://")) or len(text.split("://", 1)[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no web address; it starts with https:// or http://")
    return text.rstrip("/")


def port(text: str) -> int:
    """A port."""
    if not text.isdigit() or not 0 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports are numbers from 1 to 65535")
    return int(text)


def currency(text: str) -> str:
    """A currency code."""
    from models.core.money import known_currency

    try:
        return known_currency(text.upper())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def time_zone(text: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"there is no time zone {text}; they are called as Europe/Berlin") from None


def delimiter(text: str) -> str:
    """A sign that separates columns, by itself or by name."""
    sign = DELIMITERS.get(text.lower(), text)
    if len(sign) != 1 or sign in '\r\n"':
        raise argparse.ArgumentTypeError(f"{text!r} separates nothing; it is one sign, or {', '.join(DELIMITERS)}")
    return sign


def encoding(text: str) -> str:
    """An encoding of text."""
    import codecs
    import io

    try:
        io.TextIOWrapper(io.BytesIO(), encoding=text)  # of codecs, only those of text
        return codecs.lookup(text).name
    except LookupError:
        raise argparse.ArgumentTypeError(f"there is no encoding of text called {text}") from None


def columns(text: str) -> dict[str, str]:
    """Which column holds which field: field=column, by commas; a column with a comma in it stands in quotes."""
    columns: dict[str, str] = {}
    for name, column in _pairs(text, "field=column"):
        if name not in ORDER_FIELDS:
            raise argparse.ArgumentTypeError(f"there is no field {name}; there are {', '.join(ORDER_FIELDS)}")
        if name in columns:
            raise argparse.ArgumentTypeError(f"{name} is there twice: {columns[name]} and {column}")
        columns[name] = column
    return columns


def states(text: str) -> dict[str, str]:
    """What words for the state of an order mean: word=kind, by commas."""
    found = dict(_pairs(text, "word=kind"))
    for word, kind in found.items():
        if kind not in STATE_KINDS:
            raise argparse.ArgumentTypeError(f"{word} cannot be {kind}; there are {', '.join(STATE_KINDS)}")
    return found


def _pairs(text: str, form: str) -> Iterator[tuple[str, str]]:
    for part in re.findall(r'(?:"[^"]*"|[^",])+', text):
        name, equals, value = (each.strip() for each in part.partition("="))
        name, value = (each[1:-1] if re.fullmatch('"[^"]*"', each) else each for each in (name, value))
        if not equals or not name or not value:
            raise argparse.ArgumentTypeError(
                f"{part!r} is not of the form {form}; what has a comma in it stands in quotes: "
                "'placed_at=\"Placed, UTC\"'"
            )
        yield name, value
