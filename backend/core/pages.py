"""Lists: a page is cut out of one row more than it holds, and its cursor is the key of its last row."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query

from backend.core.http import known_id
from backend.core.problems import invalid
from backend.core.rows import Unreadable, left_out, readable
from models.core.base import storable
from models.core.paging import PAGE_MOST

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=PAGE_MOST, description="Rows of a page.")]
"""Use as ``limit: Limit = PAGE_DEFAULT``."""

Cursor = Annotated[str | None, Query(max_length=400)]
"""Use as ``cursor: Cursor = None``."""

LongCursor = Annotated[str | None, Query(max_length=4_000, description="nextCursor of the page before.")]
"""Where the key holds what people wrote."""


def cut_page(
    rows: Sequence[T | Unreadable], limit: int, key: Callable[[Any], tuple[datetime | str | int | UUID, ...]]
) -> tuple[tuple[T, ...], str | None, int]:
    """A page out of ``limit + 1`` rows that were asked for, the cursor of the next one, and how many cannot be read.

    Args:
        rows: What was read, in its order.
        limit: Rows of a page.
        key: What a row is found again by: the values the order goes by, as ``decode_cursor`` gives them back.
    """
    page = rows[:limit]
    return readable(page), encode_cursor(*key(page[-1])) if len(rows) > limit else None, left_out(page)


def encode_cursor(*values: datetime | str | int | UUID) -> str:
    """An opaque cursor for the key of the last row of a page."""
    plain = [_plain(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def _plain(value: datetime | str | int | UUID) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def decode_cursor(text: str | None, *types: type[datetime | str | int | UUID]) -> tuple[Any, ...]:
    """The values of a cursor, of these types; ``None`` for each on the first page, which has no cursor.

    Raises:
        ProblemError: 422 at ``query:cursor`` for what is no cursor of ours, 404 for an id that cannot be one.
    """
    if text is None:
        return (None,) * len(types)
    try:
        return _values(text, types)
    except (ValueError, RecursionError, OverflowError):
        raise invalid("query:cursor", "the cursor is not one of ours; start again without it") from None


def _values(text: str, types: tuple[type[datetime | str | int | UUID], ...]) -> tuple[Any, ...]:
    values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if not isinstance(values, list) or len(values) != len(types):
        raise ValueError
    return tuple(map(_value, values, types))


def _value(value: object, kind: type[datetime | str | int | UUID]) -> Any:
    if kind is datetime:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is None or instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC)
    if type(value) is not (str if kind is UUID else kind) or (isinstance(value, str) and not storable(value)):
        raise ValueError
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError
    return known_id(value, "page") if kind is UUID and isinstance(value, str) else value
