"""``/api/risk/reports``: the monthly report, to look at and as CSV and PDF."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from backend.core.versions import with_etag
from backend.risk.outcomes import actions, reads
from backend.risk.outcomes.csv import to_csv
from models.core.base import Identifier
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.core.problems import Code
from models.risk.report import MONTH, ReportRequest, RiskReport, RiskReportSummary

router = operations_router("/api/risk", "risk reports")

Viewer = Annotated[Principal, require(Permission.VIEW_REPORTS)]
Maker = Annotated[Principal, require(Permission.GENERATE_REPORTS)]


@router.get("/reports")
async def list_reports(
    _principal: Viewer,
    connection: Read,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[RiskReportSummary]:
    """List the monthly reports, newest month first, without their figures."""
    (month,) = decode_cursor(cursor, str)
    before = None if month is None else _month(month)
    found = await reads.reports(connection, before=before, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.month,))
    return Page[RiskReportSummary](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/reports", status_code=201)
async def generate_report(
    http: Request, request: ReportRequest, principal: Maker, tx: Tx, response: Response
) -> RiskReport:
    """Generate the report of a month, or generate it anew with the outcomes that came in since."""
    report = await actions.generate(
        tx, actor=principal.user_id, month=_month(request.month), currency=http.app.state.settings.currency
    )
    return with_etag(response, report)


@router.get("/reports/{month}.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def report_table(
    month: Identifier,
    _principal: Viewer,
    connection: Read,
    bom: Annotated[bool, Query(description="Begin with a byte order mark, which some spreadsheets need.")] = False,
) -> Response:
    """A report as CSV, one figure a row."""
    report = await reads.find_report(connection, _month(month))
    return _file(to_csv(report, bom=bom), "text/csv; charset=utf-8", f"risk-{report.month}.csv")


@router.get("/reports/{month}.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
async def report_pages(month: Identifier, _principal: Viewer, connection: Read) -> Response:
    """A report as PDF with charts, to be printed and kept."""
    # Only here: the library is large, and the API's start does not wait for it.
    from backend.risk.outcomes.pdf import to_pdf

    report = await reads.find_report(connection, _month(month))
    data = await asyncio.to_thread(to_pdf, report)
    return _file(data, "application/pdf", f"risk-{report.month}.pdf")


@router.get("/reports/{month}")
async def get_report(month: Identifier, _principal: Viewer, connection: Read, response: Response) -> RiskReport:
    """The report of a month, such as ``2026-10``."""
    report = await reads.find_report(connection, _month(month))
    return with_etag(response, report)


def _month(text: str) -> date:
    if re.fullmatch(MONTH, text) is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such report; a month is written like 2026-10.")
    return date(int(text[:4]), int(text[5:]), 1)


def _file(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
