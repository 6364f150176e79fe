"""JSON: of values that have none by themselves, such as instants in audit snapshots, and of requests, however odd."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from models.core.base import NESTED_MOST, as_storable

DIGITS_MOST = 1_000
"""A longer integer is read as infinity: Python refuses to read it at all, and nothing may be so large."""
_NO_BRACKETS = bytes(each for each in range(256) if each not in b"[]{}")
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
        case Enum():
            return value.value
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True)
        case set() | frozenset() | tuple():
            return list(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def dumps(value: Any) -> str:
    """JSON text; raises TypeError for what has no form and ValueError for infinities."""
    return json.dumps(value, default=_plain, allow_nan=False)


def storable_json(value: Any) -> Any:
    """JSON as it came, as far as it can be kept: U+0000 as the replacement character, NaN and infinities as text."""
    match value:
        case str():
            return as_storable(value)
        case dict():
            return {as_storable(k): storable_json(v) for k, v in value.items()}
        case list():
            return [storable_json(v) for v in value]
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is not JSON
            return str(value)
        case _:
            return value


def parse(body: bytes) -> Any:
    """JSON of a request. What is nested deeper than anybody may ask for comes cut off, for the contract to refuse.

    So one such row costs nobody the others. Raises json.JSONDecodeError, or UnicodeDecodeError.
    """
    return json.loads(_cut(body) if _may_be_deep(body) else body, parse_int=_integer)


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= DIGITS_MOST else float(text)


def _may_be_deep(body: bytes) -> bool:
    """Whether values may be nested too deep; brackets within texts count as well. Takes no notice of what is flat."""
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(NESTED_MOST + 1):
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return bool(brackets)


def _cut(body: bytes) -> bytes:
    """The same, with what is two levels deeper than may be left out: what is left is still too deep."""
    kept, depth, start = [], 0, 0
    for token in _TOKENS.finditer(body):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                if depth == NESTED_MOST + 2:
                    kept.append(body[start : token.end()])
            case b"]" | b"}":
                if depth == NESTED_MOST + 2:
                    start = token.start()
                depth -= 1
            case _:
                pass
    return b"".join((*kept, b"" if depth >= NESTED_MOST + 2 else body[start:]))
