"""Generates monthly reports: by hand for any month, by itself for the one that ended."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import invalid
from backend.deliveries import NoticeAudience, notify
from backend.risk.outcomes.figures import bounds, month_figures
from backend.risk.outcomes.reads import find_report
from backend.risk.outcomes.upserts import outcomes, queries
from backend.shop import ingest_batch, reporting_currency
from models.alerts import Severity
from models.deliveries.routing import Team
from models.risk.report import RiskReport
from models.shop.ingest import Batch, IngestResult, OutcomeIn

SECONDS = 20
"""How long the figures of a month may take; a busy month has millions of orders."""


async def generate(tx: Connection, *, actor: str, month: date, currency: str) -> RiskReport:
    """Work out and keep the report of a month; one there is already is replaced. A month to come: 422."""
    begin, _ = bounds(month)
    if begin > await clock(tx):
        raise invalid("/month", "this month has not begun yet")
    await tx.execute(queries.lock_reports)
    await tx.execute(f"set local statement_timeout = '{SECONDS}s'")
    figures = await month_figures(tx, month, await reporting_currency(tx, currency))
    values = {"month": month, "actor": actor, "figures": Jsonb(figures.model_dump(mode="json", by_alias=True))}
    await tx.execute(queries.put_report, values)
    report = await find_report(tx, month)
    await audit_trail.record(
        tx,
        actor=actor,
        action="risk.report.generated",
        resource_type="risk_report",
        resource_id=report.report_id,
        label=report.month,
        version=report.version,
        after={"month": report.month, "checked": figures.checked, "entries": figures.entries, "frauds": figures.frauds},
    )
    return report


async def generate_when_due(tx: Connection, currency: str) -> RiskReport | None:
    """The report of the month that ended, unless there is one or nothing was checked in it."""
    month = ended(await clock(tx))
    begin, end = bounds(month)
    if await (await tx.execute(queries.due, {"month": month, "begin": begin, "end": end})).fetchone() is None:
        return None
    report = await generate(tx, actor=audit_trail.WORKER, month=month, currency=currency)
    values = {"title": f"The risk report of {month:%B %Y}", "period": f"{month:%B %Y}"}
    audience = NoticeAudience(Team.RISK, Severity.P4)
    await notify(tx, audience, "report.ready", values, thread=f"report:{report.report_id}")
    return report


async def ingest_outcomes(tx: Connection, request: Batch, *, sent_by: str) -> IngestResult:
    """What became of orders."""
    return await ingest_batch(
        tx, request, OutcomeIn, lambda rows: outcomes(tx, rows), kind="outcomes", one="outcome", sent_by=sent_by
    )


def ended(now: datetime) -> date:
    """The first day of the month that ended last."""
    return (now.astimezone(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)
