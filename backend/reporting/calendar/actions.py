"""Begin what is due, nil returns included, and say what is due soon."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.reporting.explain.reads import obligations
from backend.reporting.facts import queries as facts
from backend.reporting.facts.reads import cut_now
from backend.reporting.returns import actions, reads
from backend.reporting.returns import queries as returns
from backend.reporting.returns.generate import STATEMENT
from backend.reporting.returns.proof import again
from models.alerts import Severity
from models.core.wording import counted
from models.reporting import FILED, GenerateTaxReport, TaxObligation, TaxReportState

SOURCE: Final = "reporting.due"
PROOF: Final = "reporting.proof"
WARN: Final = ((timedelta(days=2), Severity.P2), (timedelta(days=10), Severity.P3))
AGAIN: Final = timedelta(hours=6)
"""A report that was made by itself and is blocked is made again so often, when anything changed."""


class Calendar:
    """Turns of the worker. A region that cannot be dealt with costs the others nothing."""

    def __init__(self) -> None:
        self._aside = SetAside("calendar of tax")

    async def turn(self, database: Database, _settings: Settings) -> None:
        """Begin the returns of periods that ended, and tell of what is due."""
        async with database.read() as connection:
            due = await obligations(connection)
        for each in due:
            async with database.transaction() as tx:
                await self._aside.each(tx, [each], partial(_deal_with, tx), key=_key)


def _key(obligation: TaxObligation) -> str:
    return f"{obligation.region}:{obligation.period_start}"


async def _deal_with(tx: Connection, obligation: TaxObligation) -> None:
    if obligation.ended:
        await _begin(tx, obligation)
    await _warn(tx, obligation)


async def _begin(tx: Connection, obligation: TaxObligation) -> None:
    request = GenerateTaxReport(
        period_start=obligation.period_start, period_end=obligation.period_end, region=obligation.region
    )
    if obligation.report_id is None:
        filed = await reads.live_periods(tx, obligation.region)
        region = await reads.region(tx, obligation.region)
        if actions.missing_before(region, obligation.period_start, filed) is None:
            await actions.begin(tx, actor=audit_trail.WORKER, request=request)
    elif obligation.state is TaxReportState.DRAFT:
        report = await reads.report(tx, UUID(obligation.report_id))
        old = report.generated_at is not None and await clock(tx) - report.generated_at > AGAIN
        if old and report.generated_by == audit_trail.WORKER and await cut_now(tx) > (report.cut or 0):
            await actions.begin(tx, actor=audit_trail.WORKER, request=request)


async def _warn(tx: Connection, obligation: TaxObligation) -> None:
    region = await reads.region(tx, obligation.region)
    today = (await clock(tx)).astimezone(ZoneInfo(region.zone)).date()
    key = _key(obligation)
    left = obligation.due_on - today
    severity = next((each for days, each in WARN if left <= days), None)
    waiting = obligation.state not in FILED or obligation.state is TaxReportState.APPROVED
    if severity is None or not waiting or not obligation.ended:
        await clear_condition(tx, source=SOURCE, key=key)
        return
    when = f"is due on {obligation.due_on}" if left >= timedelta() else f"was due on {obligation.due_on}"
    await raise_alert(
        tx,
        source=SOURCE,
        key=key,
        title=f"The {obligation.name} return of {obligation.period_start} to {obligation.period_end} {when}",
        severity=severity,
        guidance=_GUIDANCE[obligation.state],
    )


_GUIDANCE: Final[dict[TaxReportState | None, str]] = {
    None: "Generate the report, and see what blocks it.\nReturns of a region are made in their order.",
    TaxReportState.GENERATING: "It is being made; if that goes on for an hour, look at the jobs of the worker.",
    TaxReportState.DRAFT: "See what blocks it, have it mended, and generate it again.",
    TaxReportState.RECONCILED: "Somebody who did not prepare it approves it.",
    TaxReportState.APPROVED: "Deliver it to finance, or hand out its files.",
}


async def prove(database: Database, _settings: Settings) -> None:
    """By night: every fact is added up again, and the newest return of each region is made anew, to the byte."""
    wrong = []
    async with database.transaction() as connection:
        await connection.execute("set transaction isolation level repeatable read, read only")
        await connection.execute(f"set local statement_timeout = '{STATEMENT}'")
        row = await (await connection.execute(facts.wrong_sums)).fetchone()
        if row is not None and row[0]:
            wrong.append(f"{counted(row[0], 'sum')} of facts differ from the facts")
        for report_id, region, content in await (await connection.execute(returns.newest_live)).fetchall():
            if await again(connection, report_id) != content:
                wrong.append(f"the newest return of {region} comes out differently from its own facts")
    async with database.transaction() as tx:
        if not wrong:
            await clear_condition(tx, source=PROOF, key="proof")
            return
        await raise_alert(
            tx,
            source=PROOF,
            key="proof",
            title="Tax reports do not prove",
            severity=Severity.P2,
            guidance=f"{'; '.join(wrong)}.\nApprove and deliver nothing until it is known why.",
        )
