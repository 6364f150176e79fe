"""A shop whose tax is looked at: orders, refunds and chargebacks as pipelines send them, and folds by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from backend.core.database import Database
from backend.reporting.documents import reads as documents
from backend.reporting.facts.actions import fold
from backend.reporting.returns import actions, reads
from backend.reporting.tables.actions import import_exchange
from backend.reporting.tables.published import Rate
from backend.risk.outcomes import upserts as outcome_upserts
from backend.shop import upserts
from models.reporting import GenerateTaxReport, TaxReport
from models.shop.ingest import OrderIn, OutcomeIn, RefundIn

OSS = ("EU-OSS", "eu-oss", "Union one-stop shop", "ESX1234567X", "ES", "Europe/Madrid", "quarter", "EUR", "2024-01-01")
GB = ("GB", "uk-vat", "UK VAT", "GB980780684", "GB", "Europe/London", "quarter", "GBP", "2024-01-01")
CA = ("US-CA", "us-sales", "California sales tax", "SR-1", "CA", "America/Los_Angeles", "quarter", "USD", "2024-01-01")

REGISTER = """
insert into tax_registration (region, regime, name, number, home, zone, period, currency, begins, owner)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'finance-analyst')
"""


def register(owner_url: str, *registrations: Sequence[str]) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for each in registrations:
            connection.execute(REGISTER, each)


def at(text: str) -> datetime:
    """An instant of UTC, such as 2025-01-31 23:30."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def line(state: str, net: int, tax: int, rate: str = "20", kind: str = "standard") -> dict[str, Any]:
    return {"net": net, "tax": tax, "rate": rate, "kind": kind, "jurisdiction": state}


def order(number: str, when: str, *lines: dict[str, Any], currency: str = "EUR", **more: Any) -> OrderIn:
    total = sum(each["net"] + each["tax"] for each in lines)
    given: dict[str, Any] = {"id": number, "placedAt": at(when), "currency": currency, "total": total}
    return OrderIn.model_validate(given | ({"taxLines": lines} if lines else {}) | more)


def refund(
    number: str, of: str | None, when: str, *lines: dict[str, Any], currency: str = "EUR", **more: Any
) -> RefundIn:
    amount = sum(each["net"] + each["tax"] for each in lines)
    given: dict[str, Any] = {
        "id": number,
        "orderId": of,
        "refundedAt": at(when),
        "currency": currency,
        "amount": amount,
    }
    return RefundIn.model_validate(given | ({"taxLines": lines} if lines else {}) | more)


def chargeback(number: str, of: str, when: str, amount: int, **more: Any) -> OutcomeIn:
    given = {"id": number, "orderId": of, "kind": "chargeback", "happenedAt": at(when), "currency": "EUR"}
    return OutcomeIn.model_validate(given | {"amount": amount} | more)


class Books:
    """The database of a shop, and what is done to it."""

    def __init__(self, database: Database, owner_url: str) -> None:
        self.database, self.owner_url = database, owner_url

    async def put(self, *rows: OrderIn | RefundIn | OutcomeIn) -> None:
        """As pipelines do, without a fold."""
        async with self.database.transaction() as tx:
            await upserts.claim_currency(tx, "EUR")
            if orders := [row for row in rows if isinstance(row, OrderIn)]:
                await upserts.orders(tx, orders, "EUR")
            if refunds := [row for row in rows if isinstance(row, RefundIn)]:
                await upserts.refunds(tx, refunds, "EUR")
            if outcomes := [row for row in rows if isinstance(row, OutcomeIn)]:
                await outcome_upserts.outcomes(tx, outcomes)

    async def fold(self) -> None:
        while True:
            async with self.database.transaction() as tx:
                if not await fold(tx):
                    return

    async def take(self, *rows: OrderIn | RefundIn | OutcomeIn) -> None:
        await self.put(*rows)
        await self.fold()

    async def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.database.read() as connection:
            return await (await connection.execute(statement, values)).fetchall()  # type: ignore[call-overload]

    async def publish(self, currency: str, day: str, per_eur: str) -> None:
        async with self.database.transaction() as tx:
            rate = Rate(currency, date.fromisoformat(day), Decimal(per_eur))
            await import_exchange(tx, [rate], "a test")

    async def begin(
        self, start: str, end: str, region: str = "EU-OSS", actor: str = "preparer", **more: Any
    ) -> TaxReport:
        request = GenerateTaxReport.model_validate({"periodStart": start, "periodEnd": end, "region": region} | more)
        async with self.database.transaction() as tx:
            return await actions.begin(tx, actor=actor, request=request)

    async def generate(self, start: str, end: str, region: str = "EU-OSS", **more: Any) -> TaxReport:
        begun = await self.begin(start, end, region, **more)
        await actions.generate(self.database, UUID(begun.report_id))
        return await self.report(begun)

    async def report(self, report: TaxReport) -> TaxReport:
        async with self.database.read() as connection:
            return await reads.report(connection, UUID(report.report_id))

    async def approve(self, report: TaxReport, actor: str = "approver") -> TaxReport:
        async with self.database.transaction() as tx:
            return await actions.approve(tx, actor=actor, report_id=UUID(report.report_id), version=report.version)

    async def reject(self, report: TaxReport) -> TaxReport:
        async with self.database.transaction() as tx:
            return await actions.reject(
                tx, actor="approver", report_id=UUID(report.report_id), version=report.version, reason="wrong"
            )

    async def file(self, start: str, end: str, region: str = "EU-OSS", **more: Any) -> TaxReport:
        made = await self.generate(start, end, region, **more)
        assert made.state == "reconciled", (made, await self.blockers(made))
        return await self.approve(made)

    async def blockers(self, report: TaxReport) -> list[tuple[str, str | None]]:
        async with self.database.read() as connection:
            rows = await reads.findings(connection, UUID(report.report_id), blocking=True)
        return [(row.what, row.order_id) for row in rows]

    async def findings(self, report: TaxReport) -> set[tuple[str, str | None]]:
        async with self.database.read() as connection:
            rows = await reads.findings(connection, UUID(report.report_id), limit=1_000)
        return {(row.what, row.order_id) for row in rows}

    async def lines(self, report: TaxReport) -> list[tuple[Any, ...]]:
        async with self.database.read() as connection:
            found = await reads.lines(connection, UUID(report.report_id))
        return [(each.part, each.period.isoformat(), each.state, each.net, each.tax) for each in found]

    async def content(self, report: TaxReport) -> dict[str, Any]:
        [(text,)] = await self.rows("select content from tax_report where id = %s", report.report_id)
        found: dict[str, Any] = json.loads(text)
        return found

    async def differences(self) -> dict[str, Any]:
        """By order: where documents and facts differ."""
        async with self.database.read() as connection:
            ids = [row[0] for row in await (await connection.execute("select id from orders")).fetchall()]
            known = await documents.world(connection)
            found = await documents.compared(connection, known, ids, 2**62)
            return {each.document.id: each.differences() for each in found if each.differences()}

    async def figures(self) -> dict[tuple[Any, ...], tuple[int, int]]:
        """Net and tax by source, bucket, state and tax date."""
        rows = await self.rows(
            "select c.source, c.bucket, c.state, f.tax_date, f.event_date, sum(net)::int, sum(tax)::int"
            " from tax_fact f join tax_cell c on c.id = f.cell group by 1, 2, 3, 4, 5"
            " having (sum(net), sum(tax)) <> (0, 0) order by 1, 2, 3, 4, 5"
        )
        return {row[:5]: row[5:] for row in rows}


@asynccontextmanager
async def books(owner_url: str, database_url: str) -> AsyncIterator[Books]:
    database = Database(database_url)
    await database.open()
    yield Books(database, owner_url)
    await database.close()


def day(text: str) -> date:
    return date.fromisoformat(text)
