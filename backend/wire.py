"""JSON of values that are not JSON by themselves: instants, dates, ids and amounts in before and after pictures."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import BaseModel


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
