"""Reading consent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, read_row, readable, the_one
from backend.privacy.consent import queries
from backend.privacy.keys.reads import open_keys
from backend.privacy.keys.ring import DataKey, KeyRing
from backend.privacy.persons.reads import identifiers_of
from models.core.problems import Code
from models.privacy.consent import (
    ConsentSnapshot,
    ConsentState,
    ConsentTrend,
    ConsentTrends,
    ConsentType,
    ExportedConsent,
    PolicyMark,
    TrendDay,
)

EVIDENCE: Final = "consent.evidence"
HISTORY_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot, whose it is, and what else shows it, sealed."""

    snapshot: ConsentSnapshot
    person_id: UUID
    evidence: bytes | None


async def snapshot(connection: Connection, consent_id: UUID | None) -> Kept:
    """One snapshot. Raises ProblemError 404."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.one, {"consent_id": consent_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such consent.")
    found = the_one([read_row(ConsentSnapshot, {"user_id": None, **row})], "")
    return Kept(found, row["person_id"], row["evidence"])


async def current(connection: Connection, person_id: UUID) -> tuple[ConsentState, ...]:
    """What holds of everything a person has said something about."""
    async with connection.cursor(row_factory=lenient_row(ConsentState)) as cursor:
        await cursor.execute(queries.current, {"person_id": person_id})
        return readable(await cursor.fetchall())


async def history(connection: Connection, person_id: UUID, user_id: str | None) -> tuple[ConsentSnapshot, ...]:
    """All they have said, the newest first."""

    def with_user(**row: Any) -> ConsentSnapshot:
        return ConsentSnapshot(user_id=user_id, **row)

    async with connection.cursor(row_factory=lenient_row(with_user)) as cursor:
        await cursor.execute(queries.history, {"person_id": person_id, "limit": HISTORY_MOST})
        return readable(await cursor.fetchall())


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A row of an export with what the page goes by."""

    consent: ExportedConsent
    recorded_at: datetime
    id: UUID


async def page(
    connection: Connection,
    ring: KeyRing,
    *,
    since: datetime | None,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[ExportRow | Unreadable]:
    """Snapshots with who said them, behind the last one of the page before, the newest first."""
    values = {"since": since, "recorded_at": after[0], "last_id": after[1], "limit": limit}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.page, values)
        rows = await cursor.fetchall()
    people = {row["person_id"] for row in rows}
    keys = await open_keys(connection, ring, people)
    known = await identifiers_of(connection, keys, keys)
    return [_exported(row, keys.get(row["person_id"]), known[row["person_id"]]) for row in rows]


def _exported(
    row: dict[str, Any], key: DataKey | None, identifiers: dict[str, tuple[str, ...]]
) -> ExportRow | Unreadable:
    sealed = row["evidence"]
    values = row | {
        "user_id": next(iter(identifiers.get("customer_id", ())), None),
        "email": next(iter(identifiers.get("email", ())), None),
        "evidence": key.open(sealed, EVIDENCE, row["id"]) if key is not None and sealed is not None else "",
    }
    found = read_row(ExportedConsent, values)
    return found if isinstance(found, Unreadable) else ExportRow(found, row["recorded_at"], row["id"])


async def trends(connection: Connection, until: datetime, days: int) -> ConsentTrends:
    """How many consent, day by day up to an instant."""
    rows = await (await connection.execute(queries.trend, {"until": until, "days": days})).fetchall()
    by_type: dict[str, list[TrendDay]] = defaultdict(list)
    for kind, day, granted, asked in rows:
        by_type[kind].append(TrendDay(day=day, granted=granted, asked=asked))
    since = until - timedelta(days=days)
    marks = await (await connection.execute(queries.policies_since, {"since": since, "until": until})).fetchall()
    return ConsentTrends(
        trends=tuple(ConsentTrend(consent_type=kind, days=tuple(by_type[kind])) for kind in ConsentType),
        policies=tuple(PolicyMark(version=version, published_at=at) for version, at in marks),
        as_of=until,
    )
