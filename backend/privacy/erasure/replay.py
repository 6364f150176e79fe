"""Whoever was erased stays erased: the ledger is replayed after a restore, and every day for what pipelines resend.

Identifiers that stand in the clear are read from the columns that systems declare, hashed, and compared with the
ledger; the systems' own statements erase what is found. What came after the erasure stays: it is of somebody new.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from psycopg import sql

from backend.alerts import clear_condition, raise_alert
from backend.core.capability import PersonalColumn, PersonalSystems, Subject
from backend.core.database import Database
from backend.core.logs import logger
from backend.core.settings import Settings
from backend.privacy.erasure import actions, queries
from backend.privacy.erasure.ledger import Ledger, LedgerEntry, LedgerError, folder_of
from backend.privacy.graph.steps import erasing
from backend.privacy.keys.ring import KeyRing
from backend.privacy.keys.source import ring_of
from models.alerts import Severity

log = logger(__name__)

SOURCE: Final = "privacy.ledger"
BATCHES_MOST: Final = 100_000


async def replay_new(database: Database, settings: Settings, systems: PersonalSystems) -> int:
    """Carry out what the ledger has and this database has not gone through: it was restored. Answers how many rows."""
    return await _replay(database, settings, systems, all_again=False)


async def replay_all(database: Database, settings: Settings, systems: PersonalSystems) -> int:
    """Carry out the whole ledger again, for what was sent again since. Answers how many rows."""
    return await _replay(database, settings, systems, all_again=True)


async def _replay(database: Database, settings: Settings, systems: PersonalSystems, *, all_again: bool) -> int:
    ring, folder = ring_of(settings), folder_of(settings)
    if ring is None or folder is None:
        return 0
    try:
        entries = await asyncio.to_thread(lambda: list(Ledger(folder).entries()))
    except LedgerError as error:
        async with database.transaction() as tx:
            await raise_alert(
                tx,
                source=SOURCE,
                key="read",
                title="The erasure ledger cannot be read",
                severity=Severity.P2,
                guidance=f"{error}\nUntil it can, a restore or a resend may bring back who was erased.",
            )
        return 0
    async with database.transaction() as tx:
        await clear_condition(tx, source=SOURCE, key="read")
        known = {row[0] for row in await (await tx.execute(queries.known_entries)).fetchall()}
    wanted = [entry for entry in entries if all_again or entry.id not in known]
    if not wanted:
        return 0
    found = await _found(database, ring, systems, wanted)
    rows = 0
    for entry in wanted:
        rows += await _erase_again(database, systems, entry, found.get(entry.id, {}))
    if rows:
        log.info("erased people had come back and were erased again", entries=len(wanted), rows=rows)
    return rows


async def _found(
    database: Database, ring: KeyRing, systems: PersonalSystems, entries: Iterable[LedgerEntry]
) -> Mapping[UUID, dict[str, set[str]]]:
    """The identifiers in the clear, by entry and kind, that belong to somebody erased."""
    owners: dict[tuple[str, str], list[UUID]] = defaultdict(list)
    for entry in entries:
        for kind, macs in entry.macs.items():
            for mac in macs:
                owners[kind, mac].append(entry.id)
    found: dict[UUID, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for column in dict.fromkeys(column for system in systems.values() for column in system.columns):
        async with database.read() as connection:
            values = await (await connection.execute(distinct(column))).fetchall()
        for (value,) in values:
            for entry_id in owners.get((column.kind, ring.mac(column.kind, value).hex()), ()):
                found[entry_id][column.kind].add(value)
    return found


def distinct(column: PersonalColumn) -> sql.Composed:
    """Asks for the values of a column."""
    return sql.SQL("select distinct {} from {} where {} is not null").format(
        sql.Identifier(column.column), sql.Identifier(column.table), sql.Identifier(column.column)
    )


def examples() -> tuple[sql.Composed, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (distinct(PersonalColumn("orders", "customer_id", "customer_id")),)


async def _erase_again(
    database: Database, systems: PersonalSystems, entry: LedgerEntry, found: Mapping[str, set[str]]
) -> int:
    """All systems again for one entry; a restored person loses key and index as well."""
    subject = Subject(entry.person_id, {kind: tuple(sorted(values)) for kind, values in found.items()}, entry.at)
    rows = 0
    for system in systems.values():
        if system.erase is None:
            continue
        for _ in range(BATCHES_MOST):
            async with database.transaction() as tx, erasing(tx):
                batch = await system.erase(tx, subject)
            rows += batch.rows
            if batch.rows == 0:
                break
    async with database.transaction() as tx:
        rows += await actions.note_replayed(tx, entry, rows)
    return rows
