"""Lists: keyset pages with an opaque cursor and a stable order."""

from __future__ import annotations

from typing import Generic, TypeVar

from models.core.base import Count, Instant, Record

T = TypeVar("T")

PAGE_DEFAULT = 100
PAGE_MOST = 500


class Page(Record, Generic[T]):
    """One page. ``next_cursor`` is ``None`` on the last one; ``as_of`` is the instant the rows are true for."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    left_out: Count = 0
    """Rows of this page that cannot be read; the log of the server names them."""
    as_of: Instant
