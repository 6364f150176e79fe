"""Files of reports."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import class_row

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import lenient_row, readable
from backend.reporting.delivery import queries
from backend.reporting.formats import formats_of
from backend.reporting.returns.reads import report
from models.core.problems import Code
from models.reporting.files import TaxDelivery, TaxDownload, TaxFile, TaxFiles


async def files(connection: Connection, report_id: UUID) -> tuple[TaxFile, ...]:
    """What was made of a report; nothing before it is approved."""
    async with connection.cursor(row_factory=lenient_row(TaxFile)) as cursor:
        return readable(await (await cursor.execute(queries.files, {"report_id": report_id})).fetchall())


async def file(connection: Connection, report_id: UUID, name: str) -> TaxFile:
    """One of them. Raises ProblemError 404 for what there is not."""
    async with connection.cursor(row_factory=class_row(TaxFile)) as cursor:
        found = await (await cursor.execute(queries.file, {"report_id": report_id, "format": name})).fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such file: files are made when a report is approved.")
    return found


async def everything(connection: Connection, report_id: UUID) -> TaxFiles:
    """Files, delivery and downloads of a report. Raises ProblemError 404."""
    found = await report(connection, report_id)
    async with connection.cursor(row_factory=lenient_row(TaxDownload)) as cursor:
        downloads = readable(await (await cursor.execute(queries.downloads, {"report_id": report_id})).fetchall())
    async with connection.cursor(row_factory=class_row(TaxDelivery)) as rows:
        delivery = await (await rows.execute(queries.delivery, {"report_id": report_id})).fetchone()
    return TaxFiles(
        report_id=str(report_id),
        files=await files(connection, report_id),
        unverified=tuple(each.name for each in formats_of(found.regime) if each.unverified),
        delivery=delivery,
        downloads=downloads,
        as_of=await clock(connection),
    )
