"""``/api/reporting/tax``: reports from the day a period ends to the day its return is acknowledged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import KnownQuery, known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import invalid
from backend.core.rows import left_out as left_out_of
from backend.core.rows import readable
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.reporting.explain import journal
from backend.reporting.explain import reads as explain
from backend.reporting.returns import actions, reads
from backend.reporting.tables import actions as changes
from backend.reporting.tables import reads as tables
from models.access import Approval
from models.core.base import Instant
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.reporting import (
    AcknowledgeTaxReport,
    ChangeTaxTables,
    GenerateTaxReport,
    Region,
    RejectTaxReport,
    TaxCalendar,
    TaxComparison,
    TaxFinding,
    TaxJob,
    TaxOrder,
    TaxOrderRow,
    TaxReport,
    TaxReportDetail,
    TaxReportState,
    TaxTables,
)

router = operations_router("/api/reporting/tax", "reporting", dependencies=[KnownQuery])

Viewer = Annotated[Principal, require(Permission.VIEW_REPORTS)]
Preparer = Annotated[Principal, require(Permission.GENERATE_REPORTS)]
Approver = Annotated[Principal, require(Permission.GENERATE_REPORTS, step_up=300)]

Name = Annotated[str | None, Query(max_length=20)]
BLOCKING_SHOWN = 100
JOURNAL_DAYS = 366


@router.post("/generate", status_code=202)
async def generate_report(request: GenerateTaxReport, principal: Preparer, tx: Tx) -> TaxJob:
    """Have a report made. One that is filed is answered as it is: its bytes never change."""
    found = await actions.begin(tx, actor=principal.user_id, request=request)
    return TaxJob(job_id=found.report_id, report_id=found.report_id, report=found)


@router.get("")
async def list_reports(
    _principal: Viewer,
    connection: Read,
    region: Name = None,
    period: Annotated[date | None, Query(description="A day within it.")] = None,
    state: TaxReportState | None = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[TaxReport]:
    """List reports, the newest period first."""
    start, last_id = decode_cursor(cursor, str, UUID)
    found = await reads.page(
        connection, region=region, day=period, state=state, start=_day(start), last_id=last_id, limit=limit + 1
    )
    items, following, left_out = cut_page(
        found, limit, lambda last: (last.period_start.isoformat(), UUID(str(last.report_id)))
    )
    return Page[TaxReport](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/regions")
async def list_regions(_principal: Viewer, connection: Read) -> Page[Region]:
    """List where the seller files; one page holds them all."""
    found = await reads.regions(connection)
    return Page[Region](items=readable(found), left_out=left_out_of(found), as_of=await clock(connection))


@router.get("/calendar")
async def get_calendar(_principal: Viewer, connection: Read) -> TaxCalendar:
    """What is due, by day."""
    due = await explain.obligations(connection)
    return TaxCalendar(obligations=tuple(due), as_of=await clock(connection))


@router.get("/known")
async def compare_with_known(
    region: Annotated[str, Query(max_length=20)],
    _principal: Viewer,
    connection: Read,
    as_of: Annotated[Instant | None, Query(alias="asOf")] = None,
) -> TaxComparison:
    """As filed beside as known, now or at a past instant."""
    return await explain.comparison(connection, await reads.region(connection, region), as_of)


@router.get("/order")
async def get_order(
    order_id: Annotated[str, Query(alias="orderId", min_length=1, max_length=200)], _principal: Viewer, connection: Read
) -> TaxOrder:
    """Every return an order is in, and what shows where the customer is."""
    return await explain.order(connection, order_id)


@router.get("/journal", response_class=Response)
async def get_journal(
    principal: Preparer,
    connection: Read,
    start: Annotated[date, Query(alias="from")],
    end: Annotated[date, Query(alias="to")],
) -> Response:
    """Journal entries by day, account and tax code, as CSV; a year at most."""
    del principal
    if not start <= end <= start + timedelta(days=JOURNAL_DAYS):
        raise invalid("query:to", "the last day follows the first one, by a year at most")
    text = await journal.journal(connection, start, end)
    disposition = f'attachment; filename="journal_{start}_{end}.csv"'
    return Response(text, media_type="text/csv", headers={"Content-Disposition": disposition})


@router.get("/tables")
async def get_tables(
    _principal: Viewer,
    connection: Read,
    country: Annotated[str | None, Query(max_length=10)] = None,
    day: Annotated[date | None, Query(description="Whose exchange rates are shown.")] = None,
) -> TaxTables:
    """Rates of tax with where they come from, rules, and exchange rates of a day."""
    return await tables.tables(connection, country=country, day=day)


@router.post("/tables", status_code=202)
async def change_tables(request: ChangeTaxTables, principal: Preparer, tx: Tx) -> Approval:
    """Ask for a change of rates, rules or registrations; it holds when somebody else of finance agrees."""
    return await changes.ask_for_change(tx, actor=principal.user_id, request=request)


@router.get("/{report_id}")
async def get_report(report_id: str, _principal: Viewer, connection: Read, response: Response) -> TaxReportDetail:
    """A report with what it declares and what blocks it."""
    key = _id(report_id)
    found = await reads.report(connection, key)
    blocking = await reads.findings(connection, key, blocking=True, limit=BLOCKING_SHOWN)
    detail = TaxReportDetail(
        **dict(found),
        lines=await reads.lines(connection, key),
        blocking=readable(blocking),
    )
    return with_etag(response, detail)


@router.get("/{report_id}/findings")
async def list_findings(
    report_id: str,
    _principal: Viewer,
    connection: Read,
    blocking: bool | None = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[TaxFinding]:
    """List what is odd about the documents behind a report, what blocks it first."""
    key = _id(report_id)
    await reads.report(connection, key)
    (after,) = decode_cursor(cursor, int)
    found = await reads.findings(connection, key, after=after or 0, blocking=blocking, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.n,))
    return Page[TaxFinding](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/{report_id}/orders")
async def list_orders(
    report_id: str,
    state: Annotated[str, Query(max_length=10)],
    _principal: Viewer,
    connection: Read,
    period: date | None = None,
    kind: Annotated[str | None, Query(max_length=20)] = None,
    rate: Annotated[str | None, Query(pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[TaxOrderRow]:
    """List what a figure is made of, in the currency it was charged in."""
    report = await reads.report(connection, _id(report_id))
    (after,) = decode_cursor(cursor, int)
    found = await explain.orders_of_figure(
        connection,
        report,
        period=period or report.period_start,
        state=state,
        kind=kind,
        rate=rate,
        after=after or 0,
        limit=limit + 1,
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.seq,))
    return Page[TaxOrderRow](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/{report_id}/approve")
async def approve_report(
    report_id: str, principal: Approver, tx: Tx, version: IfMatch, response: Response
) -> TaxReport:
    """Freeze a report that is reconciled; never by whoever prepared it."""
    found = await actions.approve(tx, actor=principal.user_id, report_id=_id(report_id), version=version)
    return with_etag(response, found)


@router.post("/{report_id}/reject")
async def reject_report(
    report_id: str, request: RejectTaxReport, principal: Approver, tx: Tx, version: IfMatch, response: Response
) -> TaxReport:
    """Take back the newest return of a region, so that its period is open again."""
    found = await actions.reject(
        tx, actor=principal.user_id, report_id=_id(report_id), version=version, reason=request.reason
    )
    return with_etag(response, found)


@router.post("/{report_id}/acknowledge")
async def acknowledge_report(
    report_id: str, request: AcknowledgeTaxReport, principal: Preparer, tx: Tx, version: IfMatch, response: Response
) -> TaxReport:
    """Note the tax office's reference."""
    found = await actions.acknowledge(
        tx, actor=principal.user_id, report_id=_id(report_id), version=version, reference=request.reference
    )
    return with_etag(response, found)


@router.post("/{report_id}/archive")
async def archive_report(
    report_id: str, principal: Preparer, tx: Tx, version: IfMatch, response: Response
) -> TaxReport:
    """Put an acknowledged report away; it stays readable for ever."""
    found = await actions.archive(tx, actor=principal.user_id, report_id=_id(report_id), version=version)
    return with_etag(response, found)


def _id(text: str) -> UUID:
    return known_id(text, "tax report")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise invalid("query:cursor", "the cursor is not one of ours; start again without it") from None
