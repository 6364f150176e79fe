"""The search after an erasure: every table, what the planner keeps of them, and the log files we own.

A few tables a step, so that no transaction is long. What is found names a table and how many rows, never what they say.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from psycopg import sql

from backend.core.database import Connection
from backend.core.settings import Settings
from backend.privacy.erasure import queries
from backend.privacy.erasure.needles import Needles
from backend.privacy.graph.steps import NodeTask, StepContext, StepError, StepResult, erasing, subject_of

ROWS_MOST: Final = 10_000
STEP_SECONDS: Final = 2.0
STATISTICS, FILES = "statistics of the planner", "log files"
HELD: Final[Mapping[str, str]] = {
    "audit_log": "Entries of the audit log from before privacy was kept apart cannot be changed",
    "risk_list_entry": "On a list against fraud: stays until its end",
    "risk_snooze": "On a list against fraud: stays until its end",
}
"""Tables in which something may stay, and why; it is named in the certificate."""


async def scan(tx: Connection, context: StepContext, task: NodeTask) -> StepResult:
    """Search some tables more; at the end what is left must be held, or somebody has to look. Raises StepError."""
    subject = await subject_of(tx, context.ring, task)
    needles = Needles.of(value for values in subject.identifiers.values() for value in values)
    tables = await _tables(tx)
    state: dict[str, Any] = task.cursor or {"at": 0, "found": {}}
    if task.cursor is None:
        await _renew_statistics(tx, context)
    at, found = int(state["at"]), dict(state["found"])
    if at < len(tables):
        begun = time.monotonic()
        while at < len(tables) and time.monotonic() - begun < STEP_SECONDS:
            name, columns = tables[at]
            if needles.forms and (count := await _in_table(tx, name, columns, needles)):
                found[name] = count
            at += 1
        return StepResult(done=False, cursor={"at": at, "found": found}, rows=at)
    if needles.forms and (count := await _in_statistics(tx, needles)):
        found[STATISTICS] = count
    if needles.forms and (count := await asyncio.to_thread(in_files, context.settings, needles)):
        found[FILES] = count
    left = {name: count for name, count in found.items() if name not in HELD}
    if left:
        words = ", ".join(f"{name} ({count})" for name, count in sorted(left.items()))
        raise StepError(f"something that names the person is still in: {words}", from_start=True)
    kept = {f"{HELD[name]} ({name})": count for name, count in found.items()}
    if needles.too_short:
        kept[f"Identifiers shorter than six characters cannot be searched for: {needles.too_short}"] = 0
    return StepResult(done=True, cursor=state, rows=len(tables), kept=kept)


async def _tables(tx: Connection) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Every table of ours that may be read, with the columns that can hold text, and whether those are bytes."""
    rows = await (await tx.execute(queries.text_columns)).fetchall()
    found: dict[str, list[tuple[str, bool]]] = {}
    for table, column, is_bytes in rows:
        found.setdefault(table, []).append((column, is_bytes))
    return list(found.items())


def search_table(table: str, columns: list[tuple[str, bool]]) -> sql.Composed:
    """Asks for the rows of a table that may hold a needle."""
    texts = [
        sql.SQL("encode({}, 'escape')" if is_bytes else "{}::text").format(sql.Identifier(name))
        for name, is_bytes in columns
    ]
    text = sql.SQL("concat_ws(E'\\x01', {})").format(sql.SQL(", ").join(texts))
    return sql.SQL("select {text} from {table} where lower({text}) like any (%(patterns)s) limit %(limit)s").format(
        text=text, table=sql.Identifier("public", table)
    )


def examples() -> tuple[sql.Composed, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (search_table("quarantine", [("source_row", False)]), search_table("idempotency", [("body", True)]))


async def _in_table(tx: Connection, table: str, columns: list[tuple[str, bool]], needles: Needles) -> int:
    values = {"patterns": needles.patterns, "limit": ROWS_MOST}
    rows = await (await tx.execute(search_table(table, columns), values)).fetchall()
    return sum(needles.are_in(text) for (text,) in rows)


async def _renew_statistics(tx: Connection, context: StepContext) -> None:
    """E-mails stand among the most common values and the bounds of histograms until a table is looked at anew."""
    tables = sorted({column.table for system in context.systems.values() for column in system.columns})
    async with erasing(tx):
        for table in tables:
            await tx.execute(sql.SQL("analyze {}").format(sql.Identifier("public", table)))


async def _in_statistics(tx: Connection, needles: Needles) -> int:
    rows = await (await tx.execute(queries.statistics, {"patterns": needles.patterns})).fetchall()
    return sum(needles.are_in(text) for (text,) in rows)


def in_files(settings: Settings, needles: Needles) -> int:
    """How many log files of the data folder hold a needle."""
    if settings.data_dir is None:
        return 0
    return sum(_is_in(file, needles) for file in settings.data_dir.glob("*.log*") if file.is_file())


def _is_in(file: Path, needles: Needles) -> bool:
    with file.open(encoding="utf-8", errors="replace") as lines:
        return any(needles.are_in(line) for line in lines)
