"""Changing what figures are converted and checked by. Numbered like facts, so that a cut holds for all of them.

What the program brings is taken in by itself; what a person of finance changes holds when another agrees.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import islice
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.approvals import ApprovalKind, ask
from backend.core import audit_trail
from backend.core.database import Connection, Database, array
from backend.core.problems import ProblemError, invalid
from backend.core.settings import Settings
from backend.reporting.facts import queries as facts
from backend.reporting.facts.actions import fold_anew
from backend.reporting.tables import queries
from backend.reporting.tables.published import SINCE, Rate, published, source
from models.access import Approval
from models.core.permissions import Permission
from models.core.problems import Code
from models.core.wording import counted
from models.reporting import ChangeTaxTables, RegionIn, TaxRegime

BATCH: Final = 20_000


async def keep_up(database: Database, _settings: Settings) -> None:
    """Take in what the program brings: newer exchange rates, and the first table of rates of tax."""
    async with database.read() as connection:
        row = await (await connection.execute(facts.registered)).fetchone()
        newest = await (await connection.execute(queries.newest_exchange)).fetchone()
    if row is not None and row[0]:
        async with database.transaction() as tx:
            await seed(tx, newest[0] if newest is not None else None)


async def seed(tx: Connection, newest: date | None = None) -> None:
    """Exchange rates and rates of tax as the program brings them, where they are not there yet."""
    await import_exchange(tx, published(newest or SINCE), source())
    row = await (await tx.execute(queries.has_rates)).fetchone()
    if row is not None and not row[0]:
        for each in _table():
            await tx.execute(queries.put_rate, each)


async def import_exchange(tx: Connection, rates: Iterable[Rate], where_from: str) -> int:
    """Keep what was published; what is known already changes nothing. Says how many rows were new."""
    await tx.execute(facts.lock_counter)
    written, rates = 0, iter(rates)
    while some := list(islice(rates, BATCH)):
        values = {
            "currency": array(each.currency for each in some),
            "day": array(each.day for each in some),
            "per_eur": array(each.per_eur for each in some),
            "source": where_from,
        }
        row = await (await tx.execute(queries.insert_exchange, values)).fetchone()
        written += 0 if row is None else row[0]
    return written


def _table() -> Iterator[dict[str, Any]]:
    text = files("resources").joinpath("tax").joinpath("vat-rates.json").read_text(encoding="utf-8")
    for each in json.loads(text):
        yield {
            "country": each["country"],
            "kind": each["kind"],
            "rate": Decimal(each["rate"]),
            "valid_from": date.fromisoformat(each["validFrom"]),
            "valid_to": None if each["validTo"] is None else date.fromisoformat(each["validTo"]),
            "citation": each["citation"],
            "sources": each["sources"],
        }


KIND: Final = "reporting.tables"
APPROVAL_MINUTES: Final = 7 * 24 * 60
_CURRENCIES: Final = {TaxRegime.EU_OSS: "EUR", TaxRegime.UK_VAT: "GBP", TaxRegime.US_SALES: "USD"}


async def ask_for_change(tx: Connection, *, actor: str, request: ChangeTaxTables) -> Approval:
    """Have somebody else agree to a change. Nothing in it, or what cannot be: 422."""
    _check(request)
    return await ask(
        tx,
        actor=actor,
        kind=KIND,
        title=_title(request),
        subject_type="tax_tables",
        subject_id=str(uuid4()),
        gainer=None,
        details=request.model_dump(mode="json", by_alias=True),
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=APPROVAL_MINUTES,
    )


def _check(request: ChangeTaxTables) -> None:
    if not any((request.exchange, request.rates, request.rules, request.regions)):
        raise invalid("/exchange", "nothing is changed: send exchange, rates, rules or regions")
    for n, rule in enumerate(request.rules):
        if rule.valid_from.day != 1:
            raise invalid(f"/rules/{n}/validFrom", "a rule holds from the first day of a month on")
    for n, rate in enumerate(request.exchange):
        if rate.currency == "EUR":
            raise invalid(f"/exchange/{n}/currency", "a euro is a euro")
    for n, region in enumerate(request.regions):
        try:
            ZoneInfo(region.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise invalid(f"/regions/{n}/zone", "there is no such time zone; one is Europe/Madrid") from None
        if region.ends is not None and region.ends < region.begins:
            raise invalid(f"/regions/{n}/ends", "it ends before it begins")


def _title(request: ChangeTaxTables) -> str:
    parts = [
        counted(len(rows), one)
        for rows, one in (
            (request.exchange, "exchange rate"),
            (request.rates, "rate of tax"),
            (request.rules, "rule of tax"),
            (request.regions, "registration"),
        )
        if rows
    ]
    return f"Change {', '.join(parts)}: {request.source}"[:200]


async def _apply(tx: Connection, approval: Approval) -> dict[str, Any]:
    """Everything in the transaction of the approval."""
    request = ChangeTaxTables.model_validate(approval.details)
    refold = False
    for region in request.regions:
        refold |= await _put_region(tx, region)
    if request.regions:
        await seed(tx)
    if refold:
        await fold_anew(tx)
    published = [Rate(each.currency, each.day, Decimal(each.per_eur)) for each in request.exchange]
    exchanged = await import_exchange(tx, published, f"{request.source} ({approval.requested_by})")
    for rate in request.rates:
        values = rate.model_dump() | {"rate": Decimal(rate.rate), "sources": 1}
        await tx.execute(queries.end_rate, values)
        await tx.execute(queries.put_rate, values)
    for rule in request.rules:
        await tx.execute(queries.insert_rule, rule.model_dump() | {"actor": approval.requested_by})
    counts = {
        "exchange": exchanged,
        "rates": len(request.rates),
        "rules": len(request.rules),
        "regions": [each.region for each in request.regions],
    }
    await audit_trail.record(
        tx,
        actor=approval.requested_by,
        action="reporting.tables.changed",
        resource_type="tax_tables",
        resource_id=approval.approval_id,
        label=approval.title,
        after=counts | {"source": request.source},
        reason=request.reason,
    )
    return counts


async def _put_region(tx: Connection, region: RegionIn) -> bool:
    regime = {"EU-OSS": TaxRegime.EU_OSS, "GB": TaxRegime.UK_VAT}.get(region.region, TaxRegime.US_SALES)
    values = region.model_dump() | {"regime": regime, "currency": _CURRENCIES[regime]}
    before = await (await tx.execute(queries.begins_of, {"region": region.region})).fetchone()
    if before is not None and before[1] and (before[0] != region.begins or before[2] != region.period):
        raise ProblemError(
            Code.CONFLICT,
            f"Returns of {region.region} are filed: neither its first day nor its periods change any more.",
        )
    row = await (await tx.execute(queries.put_region, values)).fetchone()
    return before is None or (row is not None and bool(row[0]))


TABLES = ApprovalKind(KIND, _apply)
