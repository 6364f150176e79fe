"""The rows behind a figure, loaded page by page. Their sum is the figure; the summary says so before all are loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from app.core.errors import OperationsError
from app.core.signals import Signal

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient
    from app.dashboard.requests import Rows
    from models.shop.orders import Summary

PAGE_ROWS = 200
KINDS = ("orders", "refunds", "downloads", "community")


def kind_of(link: str) -> str:
    """``orders``, ``refunds``, ``downloads`` or ``community``. Raises ValueError for another address."""
    kind = urlsplit(link).path.rpartition("/")[2]
    if kind not in KINDS:
        raise ValueError(f"{link} is no list of rows")
    return kind


def window_of(link: str) -> tuple[str, str]:
    """The list's window as it stands in the link (RFC 3339), start and end."""
    query = parse_qs(urlsplit(link).query)
    return query.get("from", [""])[0], query.get("to", [""])[0]


class Drill:
    """One list. ``changed`` follows every page; ``rows`` only grows until a filter begins it anew."""

    changed = Signal()

    def __init__(self, link: str, client: Callable[[], OperationsClient]) -> None:
        """Raises ValueError for an address that is no list."""
        self.link = link
        self.kind = kind_of(link)
        self.rows: list[Any] = []
        self.summary: Summary | None = None
        self.left_out = 0
        """Rows that the server cannot read; they are in the sum."""
        self.complete = False
        self.loading = False
        self.error: OperationsError | None = None
        self.country: str | None = None
        self.status: str | None = None
        self._client = client
        self._cursor: str | None = None
        self._turn = 0

    async def filter(self, *, country: str | None = None, status: str | None = None) -> None:
        """Show only these rows."""
        self.country, self.status = country or None, status or None
        self._turn += 1
        self.rows, self.summary, self.left_out = [], None, 0
        self.complete, self._cursor, self.loading = False, None, False
        self.changed.emit()
        await self.more()

    async def more(self) -> None:
        """Load the next page; errors are kept in ``error`` and the rows stay."""
        if self.loading or self.complete:
            return
        turn = self._turn
        self.loading, self.error = True, None
        self.changed.emit()
        try:
            page = await self._fetch()
        except OperationsError as error:
            if turn == self._turn:
                self.error = error
        else:
            if turn == self._turn:
                self.rows.extend(page.items)
                self.summary = page.summary
                self.left_out += page.left_out
                self._cursor = page.next_cursor
                self.complete = page.next_cursor is None
        finally:
            if turn == self._turn:
                self.loading = False
        self.changed.emit()

    async def _fetch(self) -> Rows:
        from app.dashboard import requests

        more = {"limit": PAGE_ROWS, "cursor": self._cursor, "country": self.country, "status": self.status}
        return await requests.rows(self._client(), self.kind, self.link, **more)
