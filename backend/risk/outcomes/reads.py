"""Reading monthly reports."""

from __future__ import annotations

from datetime import date

from psycopg.rows import class_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row
from models.core.problems import Code
from models.risk.report import RiskReport, RiskReportSummary

queries = load_queries(__package__)


async def find_report(connection: Connection, month: date) -> RiskReport:
    """The report of a month; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(RiskReport)) as cursor:
        await cursor.execute(queries.report, {"month": month})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no report of this month; generate it first.")
    return found


async def reports(connection: Connection, *, before: date | None, limit: int) -> list[RiskReportSummary | Unreadable]:
    """The monthly reports without their figures, newest month first, before the month ``before``."""
    async with connection.cursor(row_factory=lenient_row(RiskReportSummary)) as cursor:
        await cursor.execute(queries.reports_page, {"before": before, "limit": limit})
        return await cursor.fetchall()
