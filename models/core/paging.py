"""Lists: keyset pages with an opaque cursor and a stable order."""

from __future__ import annotations

from typing import Generic, TypeVar

from models.core.base import Instant, Record

T = TypeVar("T")

PAGE_DEFAULT = 100
PAGE_MOST = 500


class Page(Record, Generic[T]):
    """One page. ``next_cursor`` is ``None`` on the last one; ``as_of`` is the instant the rows are true for."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    as_of: Instant
