"""Types of arguments of the command line: from text to a value, or words about what is wrong with it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise argparse.ArgumentTypeError(f"{text} is no currency code; they have three letters, such as EUR")
    return text.upper()


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

    try:
        b"".decode(text)  # of codecs, only those of text
    except LookupError:
        raise argparse.ArgumentTypeError(f"there is no encoding of text called {text}") from None
    return codecs.lookup(text).name


def columns(text: str) -> dict[str, str]:
    """Which column holds which field: field=column, by commas."""
    columns: dict[str, str] = {}
    for part in text.split(","):
        name, equals, column = part.partition("=")
        if not equals or not column.strip():
            raise argparse.ArgumentTypeError(f"{part!r} is not of the form field=column")
        if name.strip() not in ORDER_FIELDS:
            raise argparse.ArgumentTypeError(f"there is no field {name.strip()}; there are {', '.join(ORDER_FIELDS)}")
        columns[name.strip()] = column.strip()
    return columns
