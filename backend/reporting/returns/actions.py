"""The life of a report: begun, generated, approved by somebody else, delivered, acknowledged, or rejected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from backend.alerts import clear_condition
from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.defer import defer
from backend.core.json import dumps
from backend.core.problems import ProblemError, same_version
from backend.deliveries import NoticeAudience, notify
from backend.reporting.returns import queries, reads
from backend.reporting.returns.figures import Line
from backend.reporting.returns.generate import Made, make
from backend.reporting.returns.periods import due_on, end_of, period_asked, periods
from backend.reporting.returns.reconcile import shown
from models.alerts import Severity
from models.core.problems import Code
from models.deliveries.routing import Team
from models.reporting import FILED, GenerateTaxReport, Region, TaxReport, TaxReportState

JOB: Final = "reporting.generate"
UNACKNOWLEDGED: Final = "reporting.acknowledgement"
"""The alert about a delivery that nobody answered, by the report's id."""


async def begin(tx: Connection, *, actor: str, request: GenerateTaxReport) -> TaxReport:
    """Have a report made; again for a period that is not filed yet: from what is known now.

    A period that is filed answers its report as it is. No such period: 422. An earlier one is not filed: 409.
    """
    region = await _lock_region(tx, request.region)
    period = period_asked(region, request.period_start, request.period_end)
    inputs = request.model_dump(mode="json", by_alias=True, include={"period_key", "purchases"}, exclude_none=True)
    row = await (await tx.execute(queries.of_period, {"region": region.region, "start": period})).fetchone()
    if row is not None:
        before = await reads.report(tx, row[0])
        if before.state in FILED:
            audit_trail.nothing_changed()
            return before
        await tx.execute(queries.begin_again, {"report_id": row[0], "inputs": Jsonb(inputs), "actor": actor})
        return await _begun(tx, actor, row[0], before)
    await _earlier_are_filed(tx, region, period)
    values = {
        "region": region.region,
        "start": period,
        "end": end_of(period, region.period),
        "due_on": due_on(region, period),
        "inputs": Jsonb(inputs),
        "currency": region.currency,
        "actor": actor,
    }
    inserted = await (await tx.execute(queries.insert_report, values)).fetchone()
    assert inserted is not None  # noqa: S101 - an insert of one row returns one row
    return await _begun(tx, actor, inserted[0], None)


async def _begun(tx: Connection, actor: str, report_id: UUID, before: TaxReport | None) -> TaxReport:
    after = await reads.report(tx, report_id)
    await defer(tx, JOB, report_id=str(report_id))
    await record_report(tx, actor, "requested", before, after)
    return after


def missing_before(region: Region, period: date, filed: Sequence[date]) -> date | None:
    """The first period before one whose return is not filed."""
    return next((each for each in periods(region, period) if each < period and each not in filed), None)


async def _earlier_are_filed(tx: Connection, region: Region, period: date) -> None:
    missing = missing_before(region, period, await reads.live_periods(tx, region.region))
    if missing is not None:
        raise ProblemError(
            Code.CONFLICT,
            f"The return of {region.name} from {missing} is not approved yet: returns are made in their order, so that "
            "each can hold what the ones before it left out.",
        )


async def generate(database: Database, report_id: UUID) -> None:
    """Make a report that was begun, and hold it against the documents. Nothing to do: it stays."""
    async with database.read() as connection:
        row = await (await connection.execute(queries.facts_of_report, {"report_id": report_id})).fetchone()
    if row is None or row[3] != TaxReportState.GENERATING:
        return
    region, start, _, _, inputs = row[:5]
    made, builds_on = await make(database, region, start, inputs)
    async with database.transaction() as tx:
        await _lock_region(tx, region)
        await tx.execute(queries.lock_report, {"report_id": report_id})
        before = await reads.report(tx, report_id)
        if before.state is not TaxReportState.GENERATING:
            return
        if await reads.live(tx, region, start) != builds_on:
            # A return it builds on was rejected, or approved, in the same moment.
            await defer(tx, JOB, report_id=str(report_id))
            return
        await keep(tx, report_id, made, [number for number, _, _ in builds_on])
        after = await reads.report(tx, report_id)
        verb = "reconciled" if after.state is TaxReportState.RECONCILED else "blocked"
        await record_report(tx, audit_trail.WORKER, verb, before, after)
        await tell(tx, after, "report.tax_ready" if verb == "reconciled" else "report.tax_blocked")


async def keep(tx: Connection, report_id: UUID, made: Made, builds_on: list[UUID]) -> None:
    """Write down what was made of a report."""
    await tx.execute(queries.forget_lines, {"report_id": report_id})
    await tx.execute(queries.forget_findings, {"report_id": report_id})
    lines = [_row(n, line) for n, line in enumerate(made.result.lines, 1)]
    await tx.execute(queries.insert_lines, {"report_id": report_id, "lines": Jsonb(lines, dumps)})
    await tx.execute(queries.insert_findings, {"report_id": report_id, "findings": Jsonb(shown(made.found), dumps)})
    values = {
        "report_id": report_id,
        "state": TaxReportState.DRAFT if made.found.blocked() else TaxReportState.RECONCILED,
        "cut": made.basis.cut,
        "builds_on": builds_on,
        "content": made.result.content,
        "sha256": made.result.sha256,
        "payable": made.result.payable,
        "nil": made.result.nil,
        "reconciliation": Jsonb(made.found.summary(), dumps),
    }
    await tx.execute(queries.set_generated, values)


def _row(n: int, line: Line) -> dict[str, Any]:
    return {
        "n": n,
        "part": line.part,
        "period": line.period,
        "state": line.state,
        "kind": line.kind,
        "rate": line.rate,
        "net": line.net,
        "tax": line.tax,
        "causes": list(line.causes),
    }


async def approve(tx: Connection, *, actor: str, report_id: UUID, version: int) -> TaxReport:
    """Freeze a report that is reconciled. By whoever prepared it: 403. Blocked, or made before others: 409."""
    before = await _lock(tx, report_id, version)
    if before.state is not TaxReportState.RECONCILED:
        words = "something blocks it" if before.state is TaxReportState.DRAFT else f"it is {before.state}"
        raise ProblemError(Code.CONFLICT, f"This report cannot be approved now: {words}.")
    if before.generated_by == actor:
        raise ProblemError(
            Code.PERMISSION_MISSING, "You prepared this report: somebody else approves it.", permission=None
        )
    row = await (await tx.execute(queries.facts_of_report, {"report_id": report_id})).fetchone()
    assert row is not None  # noqa: S101 - it is locked
    if [number for number, _, _ in await reads.live(tx, before.region, before.period_start)] != row[6]:
        raise ProblemError(Code.CONFLICT, "A return before this one was rejected or approved since: generate it again.")
    await tx.execute(queries.set_approved, {"report_id": report_id, "actor": actor})
    after = await reads.report(tx, report_id)
    await record_report(tx, actor, "approved", before, after)
    await tell(tx, after, "report.tax_approved", actor)
    return after


async def reject(tx: Connection, *, actor: str, report_id: UUID, version: int, reason: str) -> TaxReport:
    """Take a filed return back, so that its period is open again. Not the newest of its region: 409."""
    before = await _lock(tx, report_id, version)
    if before.state not in FILED:
        raise ProblemError(Code.CONFLICT, f"It is {before.state}: only what was approved can be rejected.")
    newest = (await reads.live_periods(tx, before.region))[-1]
    if before.period_start != newest:
        raise ProblemError(
            Code.CONFLICT,
            f"The return from {newest} builds on this one: only the newest of a region can be rejected. What was wrong "
            "here is corrected in the next return.",
        )
    await tx.execute(queries.set_rejected, {"report_id": report_id, "actor": actor, "reason": reason})
    after = await reads.report(tx, report_id)
    await record_report(tx, actor, "rejected", before, after, reason=reason)
    await tell(tx, after, "report.tax_rejected", actor)
    return after


async def acknowledge(tx: Connection, *, actor: str, report_id: UUID, version: int, reference: str) -> TaxReport:
    """Note the reference of the tax office. Not approved: 409. The same again changes nothing."""
    before = await _lock(tx, report_id, version, same=False)
    if before.state is TaxReportState.ACKNOWLEDGED and before.acknowledgement == reference:
        audit_trail.nothing_changed()
        return before
    same_version(before.version, version)
    if before.state not in {TaxReportState.APPROVED, TaxReportState.DELIVERED}:
        raise ProblemError(Code.CONFLICT, f"It is {before.state}: only what was approved is acknowledged.")
    await tx.execute(queries.set_acknowledged, {"report_id": report_id, "reference": reference})
    await clear_condition(tx, source=UNACKNOWLEDGED, key=str(report_id))
    after = await reads.report(tx, report_id)
    await record_report(tx, actor, "acknowledged", before, after)
    return after


async def archive(tx: Connection, *, actor: str, report_id: UUID, version: int) -> TaxReport:
    """Put an acknowledged report away; it stays readable. Not acknowledged: 409."""
    before = await _lock(tx, report_id, version)
    if before.state is not TaxReportState.ACKNOWLEDGED:
        raise ProblemError(Code.CONFLICT, f"It is {before.state}: only what was acknowledged is archived.")
    await tx.execute(queries.set_archived, {"report_id": report_id})
    after = await reads.report(tx, report_id)
    await record_report(tx, actor, "archived", before, after)
    return after


async def _lock_region(tx: Connection, name: str) -> Region:
    async with tx.cursor(row_factory=class_row(Region)) as cursor:
        found = await (await cursor.execute(queries.lock_region, {"region": name})).fetchone()
    return found or await reads.region(tx, name)


async def _lock(tx: Connection, report_id: UUID, version: int, *, same: bool = True) -> TaxReport:
    # The region first, as whoever generates does.
    region = (await reads.report(tx, report_id)).region
    await _lock_region(tx, region)
    await tx.execute(queries.lock_report, {"report_id": report_id})
    found = await reads.report(tx, report_id)
    if same:
        same_version(found.version, version)
    return found


async def record_report(
    tx: Connection, actor: str, verb: str, before: TaxReport | None, after: TaxReport, *, reason: str | None = None
) -> None:
    """Tell the audit log."""
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"reporting.tax.{verb}",
        resource_type="tax_report",
        resource_id=after.report_id,
        label=title(after),
        version=after.version,
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=after.model_dump(mode="json", by_alias=True),
        reason=reason,
    )


def title(report: TaxReport) -> str:
    """What a report is called: its region and its days."""
    return f"{report.region} {report.period_start} to {report.period_end}"


async def tell(tx: Connection, report: TaxReport, template: str, actor: str = audit_trail.WORKER) -> None:
    """Tell finance, in the transaction of what they are told of."""
    blocked = template == "report.tax_blocked"
    values = {
        "title": title(report),
        "period": f"{report.period_start} to {report.period_end}",
        "due": report.due_on.isoformat(),
        "blockers": str(report.blockers),
        "actor": await audit_trail.person_name(tx, actor),
        "reason": report.reason or "",
    }
    audience = NoticeAudience(Team.FINANCE, Severity.P3 if blocked else Severity.P4)
    await notify(tx, audience, template, values, thread=f"tax:{report.report_id}", actor=actor)
