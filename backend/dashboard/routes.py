"""``GET /api/operations/dashboard`` and the lists behind its figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, LiteralString, TypeVar

from fastapi import Query, Request, Response
from pydantic import AfterValidator

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.dependencies import Read
from backend.core.http import AsOf, operations_router
from backend.core.pages import Limit, LongCursor, cut_page, decode_cursor
from backend.core.problems import invalid
from backend.core.rows import lenient_row
from backend.core.security import Principal, require
from backend.dashboard import queries
from backend.dashboard.cache import Dashboards
from backend.shop import reporting_currency
from models.core import normal_form
from models.core.base import Instant, PlainText, Record
from models.core.paging import PAGE_DEFAULT
from models.core.permissions import Permission
from models.dashboard import OperationsDashboard
from models.figures import SourceName
from models.shop.orders import (
    CommunityPage,
    CommunityRow,
    DownloadPage,
    DownloadRow,
    OrderPage,
    OrderRow,
    OrderStatus,
    RefundPage,
    RefundRow,
    Summary,
)

router = operations_router("/api/operations", "dashboard")

R = TypeVar("R", bound=Record)

Viewer = Annotated[Principal, require(Permission.VIEW_DASHBOARD)]
OrderViewer = Annotated[Principal, require(Permission.VIEW_ORDERS)]
From = Annotated[Instant, Query(alias="from", description="Rows after this instant.")]
To = Annotated[Instant, Query(description="Rows up to and including this instant.")]
Country = Annotated[
    PlainText | None,
    Query(min_length=1, max_length=100, description="A code or a name; ISO 3166 knows both."),
    AfterValidator(lambda text: text and (normal_form.country(text) or text)),
]
RangeDays = Annotated[Literal["7", "30", "90"], Query(alias="range", description="Days to look back.")]

AHEAD_MOST = timedelta(minutes=1)


@router.get("/dashboard", response_model=OperationsDashboard)
async def dashboard(http: Request, _: Viewer, range_days: RangeDays = "7", as_of: AsOf = None) -> Response:
    """All figures at an instant, or now. ``Age`` and ``degraded`` tell that an earlier answer is repeated."""
    dashboards: Dashboards = http.app.state.dashboards
    days: Any = int(range_days)
    if as_of is None:
        body, age = await dashboards.live(days)
        headers = {"Age": str(age)} if age else {}
        return Response(body, media_type="application/json", headers=headers)
    if not 1971 <= as_of.year < 2200:
        raise invalid("query:asOf", "the instant lies outside the years 1971 to 2199")
    async with http.app.state.database.read() as connection:
        if as_of > await clock(connection) + AHEAD_MOST:
            raise invalid("query:asOf", "the instant lies in the future; leave it out for now")
        body = await dashboards.past(connection, as_of, days)
    return Response(body, media_type="application/json")


class _Window:
    """What the lists have in common: the window, the place in it, and the instant they are true for."""

    def __init__(self, start: datetime, end: datetime, cursor: str | None, limit: int) -> None:
        if start > end:
            raise invalid("query:from", "the window ends before it begins")
        before_at, before_id = decode_cursor(cursor, datetime, str)
        self.limit = limit
        self.values = {"from": start, "to": end, "before_at": before_at, "before_id": before_id, "limit": limit + 1}

    async def page(
        self, connection: Connection, statement: LiteralString, record: type[R], at: str, **more: Any
    ) -> tuple[tuple[R, ...], str | None, int]:
        """Rows by the instant in column ``at``, the cursor of the next page, and how many rows cannot be read."""
        async with connection.cursor(row_factory=lenient_row(record)) as cursor:
            await cursor.execute(statement, self.values | more)
            return cut_page(await cursor.fetchall(), self.limit, lambda last: (getattr(last, at), last.id))


async def _one(connection: Connection, statement: LiteralString, values: dict[str, Any]) -> tuple[Any, ...]:
    row = await (await connection.execute(statement, values)).fetchone()
    return tuple(row or ())


@router.get("/orders")
async def orders(
    http: Request,
    _: OrderViewer,
    connection: Read,
    start: From,
    to: To,
    status: OrderStatus | None = None,
    country: Country = None,
    as_of: AsOf = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> OrderPage:
    """Orders placed in ``(from, to]``, newest first; their status is that of ``asOf``."""
    window = _Window(start, to, cursor, limit)
    at = as_of or await clock(connection)
    more = {"status": status, "country": country, "as_of": at}
    rows, following, left_out = await window.page(connection, queries.orders, OrderRow, "placed_at", **more)
    count, amount, unconverted = await _one(connection, queries.orders_summary, window.values | more)
    return OrderPage(
        items=rows,
        next_cursor=following,
        left_out=left_out,
        as_of=at,
        summary=Summary(
            count=count,
            amount=amount or 0,
            unconverted=unconverted,
            currency=await reporting_currency(connection, http.app.state.settings.currency),
        ),
    )


@router.get("/refunds")
async def refunds(
    http: Request,
    _: OrderViewer,
    connection: Read,
    start: From,
    to: To,
    country: Country = None,
    as_of: AsOf = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> RefundPage:
    """Refunds made in ``(from, to]``, newest first."""
    window = _Window(start, to, cursor, limit)
    more = {"country": country}
    rows, following, left_out = await window.page(connection, queries.refunds, RefundRow, "refunded_at", **more)
    count, amount, unconverted = await _one(connection, queries.refunds_summary, window.values | more)
    return RefundPage(
        items=rows,
        next_cursor=following,
        left_out=left_out,
        as_of=as_of or await clock(connection),
        summary=Summary(
            count=count,
            amount=amount or 0,
            unconverted=unconverted,
            currency=await reporting_currency(connection, http.app.state.settings.currency),
        ),
    )


@router.get("/downloads")
async def downloads(
    _: OrderViewer,
    connection: Read,
    start: From,
    to: To,
    status: Literal["succeeded", "failed"] | None = None,
    country: Country = None,
    as_of: AsOf = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> DownloadPage:
    """Download attempts in ``(from, to]``, newest first; whether they succeeded is that of ``asOf``."""
    window = _Window(start, to, cursor, limit)
    at = as_of or await clock(connection)
    more = {"status": status, "country": country, "as_of": at}
    rows, following, left_out = await window.page(connection, queries.downloads, DownloadRow, "downloaded_at", **more)
    count, failed = await _one(connection, queries.downloads_summary, window.values | more)
    return DownloadPage(
        items=rows,
        next_cursor=following,
        left_out=left_out,
        as_of=at,
        summary=Summary(count=count, failed=failed),
    )


@router.get("/community")
async def community(
    _: Viewer,
    connection: Read,
    start: From,
    to: To,
    metric: Literal[SourceName.DISCORD, SourceName.SHOWCASES] | None = None,
    as_of: AsOf = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> CommunityPage:
    """Community readings in ``(from, to]``, newest first."""
    window = _Window(start, to, cursor, limit)
    more = {"metric": metric}
    rows, following, left_out = await window.page(connection, queries.community, CommunityRow, "observed_at", **more)
    (count,) = await _one(connection, queries.community_summary, window.values | more)
    return CommunityPage(
        items=rows,
        next_cursor=following,
        left_out=left_out,
        as_of=as_of or await clock(connection),
        summary=Summary(count=count),
    )
