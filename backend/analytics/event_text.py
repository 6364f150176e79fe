"""The text of one event: read without losing anything, and written again.

The quick way reads an event and writes it again: where that gives the same text, no name stands twice in it. Everything
else goes the slow way, which finds out what is wrong and leaves the text as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from models.core.base import NESTED_MOST, not_too_deep, storable

_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(slots=True)
class Item:
    """One event as it was sent."""

    text: bytes
    """Without space between, if it can be read; else as it came."""
    value: dict[str, Any] | None
    problem: str = ""
    """Why it cannot be read."""


def read_item(text: bytes) -> Item:
    """Read one event."""
    try:
        value = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Item(text, None, _why_not(text))
    if not isinstance(value, dict):
        return Item(text, None, "an event is an object")
    try:
        if _ENCODER.encode(value) == text:
            # Brackets are cheaper counted than followed; what is shallow has few of them.
            return (
                _shallow(Item(text, value)) if text.count(b"[") + text.count(b"{") > NESTED_MOST else Item(text, value)
            )
    except (OverflowError, UnicodeEncodeError):
        pass  # integers of more than 64 bits, which are kept exact
    if problem := _why_not(text):
        return Item(text, None, problem)
    return _shallow(Item(msgspec.json.format(text, indent=-1), value))


def write_item(value: dict[str, Any]) -> bytes:
    """The text of an event that was changed."""
    try:
        return _ENCODER.encode(value)
    except OverflowError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _shallow(item: Item) -> Item:
    try:
        not_too_deep(item.value)
    except ValueError as error:
        return Item(item.text, None, str(error))
    return item


# --- the slow way


class _TwiceError(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    for name in found:
        if not storable(name.replace("\0", "")):
            raise UnicodeError
    return found


def _constant(_text: str) -> Any:
    raise OverflowError


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise OverflowError
    return value


def _why_not(text: bytes) -> str:
    """Why an event cannot be read; empty where it can. It repeats nothing of it."""
    try:
        read = text.decode()
        value = json.loads(read, object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)
        json.dumps(value, ensure_ascii=False).encode()
    except _TwiceError:
        return "a name stands twice in one object: which of both is meant, nobody knows"
    except OverflowError:
        return "a number is not finite: NaN, infinities and what is larger than 1.8e308 are no numbers of JSON"
    except RecursionError:
        return f"lists and objects may be nested {NESTED_MOST} deep"
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except UnicodeError:
        return "it has half of a surrogate pair, which no text can hold"
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            return f"it is no JSON: {error.msg.lower()} at character {error.pos}"
        return "a whole number has more digits than anybody counts with"
    return ""
