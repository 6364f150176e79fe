"""What orders and rows that could not land hold of a person, and how it is handed out and erased."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row

from backend.core.capability import ErasedBatch, ExportedBatch, PersonalColumn, PersonalSystem, Retention, Subject
from backend.core.database import Connection, load_queries
from backend.core.search import escape_like

queries = load_queries(__package__, "personal.sql")

BATCH: Final = 1_000
TAX: Final = "Invoices stay for tax law, ten years, without saying whose they were"


async def _export_orders(connection: Connection, subject: Subject, after: str | None) -> ExportedBatch:
    values = {"customers": subject.all("customer_id"), "after": after, "limit": BATCH}
    return await _page(connection, queries.export_orders, values)


async def _erase_orders(tx: Connection, subject: Subject) -> ErasedBatch:
    values = {"customers": subject.all("customer_id"), "before": subject.before, "limit": BATCH}
    rows = await (await tx.execute(queries.erase_orders, values)).fetchall()
    return ErasedBatch(len(rows), {TAX: len(rows)} if rows else {})


async def _export_quarantine(connection: Connection, subject: Subject, after: str | None) -> ExportedBatch:
    values = {"patterns": _patterns(subject), "after": after, "limit": BATCH}
    return await _page(connection, queries.export_quarantine, values)


async def _erase_quarantine(tx: Connection, subject: Subject) -> ErasedBatch:
    values = {"patterns": _patterns(subject), "before": subject.before, "limit": BATCH}
    return ErasedBatch(len(await (await tx.execute(queries.erase_quarantine, values)).fetchall()))


def _patterns(subject: Subject) -> list[str]:
    """Identifiers as JSON has them: whole values, so that c-1 does not find c-17."""
    found = (value for kind in ("customer_id", "email") for value in subject.all(kind))
    return [f"%{escape_like(json.dumps(value, ensure_ascii=False))}%" for value in found]


async def _page(connection: Connection, statement: Any, values: dict[str, Any]) -> ExportedBatch:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        rows = await cursor.fetchall()
    return ExportedBatch(rows, str(rows[-1]["id"]) if len(rows) == BATCH else None)


ORDERS = PersonalSystem(
    name="shop.orders",
    title="Orders",
    holds="the customer's id with each order, its day, country and amount; the VAT id of a business",
    purpose="to carry out the contract, and figures of the shop",
    keeps="both ids until an erasure; day, country and amount for ten years, by tax law",
    columns=(PersonalColumn("orders", "customer_id", "customer_id"),),
    export=_export_orders,
    erase=_erase_orders,
)
QUARANTINE = PersonalSystem(
    name="shop.quarantine",
    title="Rows that could not land",
    holds="whatever a pipeline sent in a row that was wrong",
    purpose="to put the row right",
    keeps="90 days",
    export=_export_quarantine,
    erase=_erase_quarantine,
)


async def _count_quarantine(connection: Connection, before: datetime) -> int:
    row = await (await connection.execute(queries.count_quarantine, {"before": before})).fetchone()
    assert row is not None  # noqa: S101 - a select of a count returns one row
    return int(row[0])


async def _forget_quarantine(tx: Connection, before: datetime) -> int:
    return (await tx.execute(queries.forget_quarantine, {"before": before, "limit": BATCH})).rowcount


KEPT_QUARANTINE = Retention(
    name="shop.quarantine",
    title="Rows that could not land",
    days=90,
    why="Whoever sends them has mended them by then or never will; they may hold anything",
    count=_count_quarantine,
    forget=_forget_quarantine,
)
