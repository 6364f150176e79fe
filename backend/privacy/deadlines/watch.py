"""Who is told before a clock runs out: the owner when our own date passes, everybody on call when the law's is near."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.alerts import clear_condition, raise_alert
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.deliveries import NoticeAudience, notify
from backend.privacy.requests import queries
from backend.privacy.requests.actions import note_reminded, redate
from models.alerts import Severity
from models.deliveries.routing import Team

SOURCE: Final = "privacy.requests"
NEAR, VERY_NEAR = timedelta(days=7), timedelta(days=2)
WORDS: Final = {
    "access": "Access",
    "deletion": "Erasure",
    "rectification": "Rectification",
    "restriction": "Restriction",
}
GUIDANCE: Final = (
    "Open it in the Privacy workspace: what holds it stands in its row.\n"
    "If the law allows, extend it, and tell the person before the first date."
)
_aside = SetAside("clocks of privacy requests")

Row = dict[str, Any]


async def watch(database: Database, _settings: Settings) -> None:
    """Move on the clocks that stand still, remind, raise and take back alerts. Of several workers one does."""
    async with database.transaction() as tx:
        if await (await tx.execute(queries.watch_lock)).fetchone() != (True,):
            return
        standing = await (await tx.execute(queries.standing_still)).fetchall()
        await _aside.each(tx, standing, lambda row: redate(tx, row[0]), key=lambda row: row[0])
        now = await clock(tx)
        near = await _rows(tx, queries.near, until=now + NEAR)
        await _aside.each(tx, near, lambda row: _alert(tx, row, now), key=lambda row: row["id"])
        passed = await _rows(tx, queries.not_near, near=[str(row["id"]) for row in near])
        await _aside.each(tx, passed, lambda row: _clear(tx, row["key"]), key=lambda row: row["key"])
        late = await _rows(tx, queries.internally_late)
        await _aside.each(tx, late, lambda row: _remind(tx, row), key=lambda row: row["id"])


async def _rows(tx: Connection, statement: Any, **values: object) -> list[Row]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()


async def _alert(tx: Connection, row: Row, now: datetime) -> None:
    left: timedelta = row["due_at"] - now
    what = f"{WORDS[row['type']]} {row['reference']}"
    if left <= timedelta():
        when = "is past its legal date"
    elif left < timedelta(days=1):
        when = f"is due by law in {max(1, round(left / timedelta(hours=1)))} h"
    else:
        when = f"is due by law in {left.days} d"
    await raise_alert(
        tx,
        source=SOURCE,
        key=str(row["id"]),
        title=f"{what} {when}",
        severity=Severity.P1 if left <= VERY_NEAR else Severity.P2,
        guidance=f"{row['blocked']}\n{GUIDANCE}" if row["blocked"] else GUIDANCE,
    )


async def _clear(tx: Connection, key: str) -> None:
    await clear_condition(tx, source=SOURCE, key=key)


async def _remind(tx: Connection, row: Row) -> None:
    people = (row["owner"],) if row["owner"] else ()
    values = {
        "title": f"{WORDS[row['type']]} {row['reference']}",
        "due": f"{row['due_at']:%d %b %Y %H:%M UTC}",
        "owner": row["owner"] or "nobody yet",
    }
    request_id: UUID = row["id"]
    thread = f"privacy_request:{request_id}"
    await notify(tx, NoticeAudience(Team.PRIVACY, Severity.P3, people), "privacy.late", values, thread=thread)
    await note_reminded(tx, request_id)
