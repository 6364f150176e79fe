"""JSON of values that are not JSON by themselves: instants, dates, ids and amounts in audit snapshots."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from models.core.base import as_storable


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
