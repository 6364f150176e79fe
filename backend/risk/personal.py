"""What fraud checks hold of a person, and how it is handed out and erased."""

from __future__ import annotations

from typing import Any, Final

from psycopg.rows import dict_row

from backend.core.capability import ErasedBatch, ExportedBatch, PersonalColumn, PersonalSystem, Subject
from backend.core.database import Connection, load_queries
from models.risk.metrics import METRICS

queries = load_queries(__package__, "personal.sql")

BATCH: Final = 500
PERSONAL_METRICS: Final = [key for key, metric in METRICS.items() if metric.personal]
HELD: Final = "On a list against fraud: stays until its end"


async def _export(connection: Connection, subject: Subject, after: str | None) -> ExportedBatch:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.export, _values(subject) | {"after": after, "limit": BATCH})
        rows = await cursor.fetchall()
    return ExportedBatch(rows, rows[-1]["id"] if len(rows) == BATCH else None)


async def _erase(tx: Connection, subject: Subject) -> ErasedBatch:
    values = _values(subject) | {"before": subject.before, "limit": BATCH, "metrics": PERSONAL_METRICS}
    changed = await (await tx.execute(queries.erase, values)).fetchall()
    changed += await (await tx.execute(queries.erase_outcomes, values)).fetchall()
    row = await (await tx.execute(queries.held, {"values": values["customers"] + values["emails"]})).fetchone()
    assert row is not None  # noqa: S101 - a select of counts returns one row
    return ErasedBatch(len(changed), {HELD: row[0]} if row[0] else {})


def _values(subject: Subject) -> dict[str, Any]:
    return {"customers": subject.all("customer_id"), "emails": subject.all("email")}


CHECKS = PersonalSystem(
    name="risk.checks",
    title="Fraud checks",
    holds="id, e-mail, card, device and network address of each order that was checked, the order as it came, notes",
    purpose="to keep fraud away, a legitimate interest",
    keeps="until an erasure; that an order was checked, its score and its amount stay without saying whose it was",
    columns=(
        PersonalColumn("risk_order", "customer_id", "customer_id"),
        PersonalColumn("risk_order", "email", "email"),
        PersonalColumn("risk_outcome", "customer_id", "customer_id"),
    ),
    export=_export,
    erase=_erase,
)
