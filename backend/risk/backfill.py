"""Make orders that came in from the shop without a check known to the rules, with the metrics a check would have seen.

They bear on later checks by their customer, and are there to try rules on. Nothing is decided about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

import psycopg
from psycopg import sql

from backend.core.background import SetAside
from backend.core.database import Connection, Database, array, load_queries
from backend.core.settings import Settings
from backend.risk.check.inputs import key_of, lock
from backend.risk.features import COUNTED, counted_sql
from models.risk.metrics import normal

queries = load_queries(__package__)
_aside = SetAside("risk backfill")

TURN_MOST = 2_000
SLICE = 200
"""Orders of one transaction: checks that wait for one of its customers wait for a few milliseconds."""

OF_CUSTOMER = tuple(name for name in COUNTED if name.startswith("customer_"))
"""What the shop's orders have in common; they come without e-mail, IP, card and device."""


def update_velocity_sql(orders: LiteralString, names: Sequence[str] = COUNTED) -> LiteralString:
    """A statement that writes the columns ``names`` of rows of ``risk_order``; ``orders`` as for ``counted_sql``."""
    return (
        sql.SQL("update risk_order as t set {} from ({}) as f where t.id = f.id")
        .format(
            sql.SQL(", ").join(sql.SQL("{0} = f.{0}").format(sql.Identifier(name)) for name in names),
            sql.SQL(counted_sql(orders)),
        )
        .as_string()
    )


_ORDERS: LiteralString = (
    "select id, placed_at, order_value, customer_id, email, email_alias, ip, ip_network, card, device, seq as below,"
    " 0 as own from risk_order where id = any (%(ids)s::text[]) and customer_id is not null"
)
COUNT: LiteralString = update_velocity_sql(_ORDERS, OF_CUSTOMER)


def examples() -> tuple[LiteralString, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (COUNT,)


async def backfill(database: Database, _settings: Settings) -> None:
    """Backfill what waits, the oldest first, at most TURN_MOST orders; what was checked already is left as it is."""
    for _ in range(0, TURN_MOST, SLICE):
        try:
            async with database.transaction() as tx:
                if await backfill_slice(tx) < SLICE:
                    return
        except psycopg.DataError:
            await _one_by_one(database)


async def _one_by_one(database: Database) -> None:
    """The orders of a slice that one of them spoils: each alone, and that one off the waiting ones."""
    for _ in range(SLICE):
        try:
            async with database.transaction() as tx:
                if not await backfill_slice(tx, limit=1):
                    return
        except psycopg.DataError as error:
            async with database.transaction() as tx:
                for (order_id,) in await (await tx.execute(queries.take_pending, {"limit": 1})).fetchall():
                    _aside.put(order_id, error)


async def backfill_slice(tx: Connection, limit: int = SLICE) -> int:
    """Backfill up to ``limit`` orders; how many were pending off the waiting ones."""
    if await (await tx.execute(queries.try_backfill_lock)).fetchone() != (True,):
        return 0
    pending = [row[0] for row in await (await tx.execute(queries.take_pending, {"limit": limit})).fetchall()]
    await tx.execute(queries.own_refunds, {"ids": array(pending)})
    orders = [
        (number, placed_at, minor, currency, value, _text("customer_id", customer), _text("billing_country", country))
        for number, placed_at, minor, currency, value, customer, country in await (
            await tx.execute(queries.pending_orders, {"ids": array(pending)})
        ).fetchall()
    ]
    if not orders:
        return len(pending)
    # As a check does: who reads and then writes about a customer is alone with it.
    customers = {row[5] for row in orders if row[5] is not None}
    await lock(tx, [key_of("order", row[0]) for row in orders] + [key_of("customer_id", each) for each in customers])
    names = ("id", "placed_at", "minor", "currency", "order_value", "customer_id", "country")
    columns = {name: array(column) for name, column in zip(names, zip(*orders, strict=True), strict=True)}
    stored = await (await tx.execute(queries.backfill, columns)).fetchall()
    await tx.execute(COUNT, {"ids": array(row[0] for row in stored)})
    return len(pending)


def _text(key: str, value: str | None) -> str | None:
    return None if value is None else normal(key, value) or None
