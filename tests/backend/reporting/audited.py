"""A valid request to every route of tax reports that writes, and the entry it must leave; see test_every_change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg

from backend.core.database import Database
from backend.reporting.delivery import queries as delivery
from backend.reporting.returns import actions
from tests.backend.reporting.fixtures import OSS, register

TAX = "/api/reporting/tax"
FINANCE, LEAD = "finance-analyst", "operations-lead"
QUARTER = {"periodStart": "2024-01-01", "periodEnd": "2024-03-31", "region": "EU-OSS"}
ONE = f"{TAX}/{{report_id}}"
CHANGE = {
    "source": "Bulletin 12",
    "reason": "It was corrected",
    "exchange": [{"currency": "SEK", "day": "2024-04-02", "perEur": "11.5"}],
}


def _generated(world: Any) -> tuple[str, int]:
    """The address of a report that waits for approval, prepared by finance, and its version."""
    with psycopg.connect(world.api.owner_url, autocommit=True) as owner:
        owner.execute("delete from tax_finding")
        for table in ("tax_download", "tax_link", "tax_delivery", "tax_file", "tax_line", "tax_report"):
            owner.execute(f"delete from {table}")  # type: ignore[call-overload]
        owner.execute("delete from tax_registration")
    register(world.api.owner_url, OSS)
    begun = world.done("POST", f"{TAX}/generate", FINANCE, QUARTER)
    make_report(world.api, begun["reportId"])
    return f"{TAX}/{begun['reportId']}", 2


def make_report(api: Any, report_id: str) -> None:
    """What the worker does once it was begun."""

    async def make() -> None:
        database = Database(api.settings.database_url or "")
        await database.open()
        await actions.generate(database, UUID(report_id))
        await database.close()

    asyncio.run(make())


def _approved(world: Any) -> tuple[str, int]:
    address, version = _generated(world)
    world.done("POST", f"{address}/approve", LEAD, If_Match=version)
    return address, version + 1


def _acknowledged(world: Any) -> tuple[str, int]:
    address, version = _approved(world)
    world.done("POST", f"{address}/acknowledge", FINANCE, {"reference": "R-1"}, If_Match=version)
    return address, version + 1


def _with_files(world: Any) -> tuple[str, int]:
    address, version = _approved(world)
    with psycopg.connect(world.api.owner_url, autocommit=True) as owner:
        values = {"report_id": address.rpartition("/")[2], "format": "csv", "name": "x.csv", "sha256": "0", "bytes": 1}
        owner.execute(delivery.insert_file, values)
    return address, version


Case = Callable[..., Any]


def tax_cases(case: Case) -> dict[tuple[str, str], Any]:
    """By method and pattern."""

    def made(
        prepare: Callable[[Any], tuple[str, int]],
        what: str,
        verb: str,
        role: str,
        body: Any = None,
        snapshots: str = "before after",
        reason: str | None = None,
    ) -> Any:
        def request(world: Any, send: Any) -> Any:
            address, version = prepare(world)
            return send("POST", f"{address}/{what}", role, body, If_Match=version)

        return case(request, f"reporting.tax.{verb}", "tax_report", snapshots, reason)

    def generate(world: Any, send: Any) -> Any:
        _generated(world)
        with psycopg.connect(world.api.owner_url, autocommit=True) as owner:
            owner.execute("delete from tax_report")
        return send("POST", f"{TAX}/generate", FINANCE, QUARTER)

    def change(world: Any, send: Any) -> Any:
        return send("POST", f"{TAX}/tables", FINANCE, CHANGE | {"source": str(uuid4())})

    return {
        ("POST", f"{TAX}/generate"): case(generate, "reporting.tax.requested", "tax_report", "after", None),
        ("POST", f"{TAX}/tables"): case(change, "approvals.asked", "approval", "after", CHANGE["reason"]),
        ("POST", f"{ONE}/approve"): made(_generated, "approve", "approved", LEAD),
        ("POST", f"{ONE}/reject"): made(_approved, "reject", "rejected", LEAD, {"reason": "wrong"}, reason="wrong"),
        ("POST", f"{ONE}/acknowledge"): made(_approved, "acknowledge", "acknowledged", FINANCE, {"reference": "R-1"}),
        ("POST", f"{ONE}/archive"): made(_acknowledged, "archive", "archived", FINANCE),
        ("POST", f"{ONE}/deliver"): made(_with_files, "deliver", "delivery_asked", FINANCE, snapshots="after"),
        ("POST", f"{ONE}/links"): made(_with_files, "links", "linked", FINANCE, {"format": "csv"}, "after"),
    }
