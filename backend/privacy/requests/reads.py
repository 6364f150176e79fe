"""Reading requests. Who they are from is sealed; only ``person_of`` opens it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.privacy.keys.reads import open_keys
from backend.privacy.keys.ring import DataKey, KeyRing
from backend.privacy.persons.reads import identifiers_of
from backend.privacy.requests import queries
from models.core.problems import Code
from models.privacy.requests import (
    Extension,
    PausePeriod,
    PrivacyRequest,
    RequestDetail,
    RequestFigures,
    RequestPerson,
    RequestState,
    RequestType,
)

MISSING: Final = "There is no such request."
CLAIMED, WORDS, EVIDENCE, CLOSING = (f"privacy_request.{name}" for name in ("claimed", "words", "evidence", "closing"))
PAUSE_WORDS: Final = "privacy_pause.words"
LINK, PASSPHRASE = "privacy_package.link", "privacy_package.passphrase"
EXTENSION_REASON, EXTENSION_NOTICE = "privacy_extension.reason", "privacy_extension.notice"


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests."""

    open: bool = True
    states: list[RequestState] | None = None
    types: list[RequestType] | None = None
    owner: str | None = None
    number: int | None = None
    due_before: datetime | None = None


async def page(
    connection: Connection, wanted: RequestFilter, after: tuple[datetime | None, UUID | None], limit: int
) -> list[PrivacyRequest | Unreadable]:
    """Requests behind the last one of the page before; what falls due first stands first."""
    values = {
        "open": wanted.open and wanted.states is None,
        "states": wanted.states,
        "types": wanted.types,
        "owner": wanted.owner,
        "number": wanted.number,
        "before": wanted.due_before,
        "due_at": after[0],
        "last_id": after[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(PrivacyRequest)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def find(connection: Connection, request_id: UUID) -> PrivacyRequest:
    """One request. Raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(PrivacyRequest)) as cursor:
        await cursor.execute(queries.one, {"request_id": request_id})
        return the_one(await cursor.fetchall(), MISSING)


async def detail(connection: Connection, ring: KeyRing | None, request_id: UUID, *, personal: bool) -> RequestDetail:
    """One request with its pauses and extension; what was written about it only for those who see personal data."""
    found = await find(connection, request_id)
    keys = await open_keys(connection, ring, [request_id]) if ring is not None and personal else {}
    key = keys.get(request_id)
    wanted = {"request_id": request_id}
    async with connection.cursor(row_factory=dict_row) as cursor:
        pauses = await (await cursor.execute(queries.pauses, wanted)).fetchall()
        extension = await (await cursor.execute(queries.extension, wanted)).fetchone()
    linked = await (await connection.execute(queries.linked, wanted)).fetchall()
    return RequestDetail(
        **found.model_dump(),
        pauses=tuple(
            PausePeriod(**row | {"words": _opened(key, row["words"], PAUSE_WORDS, row["id"])}) for row in pauses
        ),
        extension=None
        if extension is None
        else Extension(
            sent_at=extension["sent_at"],
            sent_by=extension["sent_by"],
            sent_by_name=extension["sent_by_name"],
            reason=_opened(key, extension["reason"], EXTENSION_REASON, request_id),
            notice=_opened(key, extension["notice"], EXTENSION_NOTICE, request_id),
        ),
        linked=tuple(reference for (reference,) in linked),
    )


def _opened(key: DataKey | None, sealed: bytes | None, place: str, row: UUID) -> str:
    return "" if key is None or sealed is None else key.open(sealed, place, row)


async def person_of(connection: Connection, ring: KeyRing, request_id: UUID) -> tuple[RequestPerson, UUID | None]:
    """Who a request is from, and the person it was found to be. Raises ProblemError 404, 409 once its key is gone."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(queries.sealed, {"request_id": request_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, MISSING)
    person_id: UUID | None = row["person_id"]
    keys = await open_keys(connection, ring, [request_id, *([] if person_id is None else [person_id])])
    key = keys.get(request_id)
    if key is None:
        raise ProblemError(Code.CONFLICT, "What this request said was forgotten: its time had come.")
    known = await identifiers_of(connection, keys, [] if person_id is None else [person_id])
    return RequestPerson(
        request_id=str(request_id),
        claimed=json.loads(_opened(key, row["claimed"], CLAIMED, request_id) or "{}"),
        known={} if person_id is None else known.get(person_id, {}),
        reason=_opened(key, row["words"], WORDS, request_id),
        evidence=_opened(key, row["evidence"], EVIDENCE, request_id),
        closing=_opened(key, row["closing"], CLOSING, request_id),
    ), person_id


async def request_words(connection: Connection, ring: KeyRing, request_id: UUID, notice: str) -> dict[str, str] | None:
    """Whom the shop is to tell about a request, and what; ``None`` once that was forgotten. Raises SealError."""
    keys = await open_keys(connection, ring, [request_id])
    if (key := keys.get(request_id)) is None:
        return None
    person, _ = await person_of(connection, ring, request_id)
    names = {"customer_id": "userId", "email": "email"}
    found = {names[kind]: value for kind, value in person.claimed.items() if kind in names}
    if notice == "extension":
        row = await (await connection.execute(queries.extension, {"request_id": request_id})).fetchone()
        found["text"] = "" if row is None else key.open(row[4], EXTENSION_NOTICE, request_id)
    elif notice == "closing":
        found["text"] = person.closing
    elif notice in {"link", "passphrase"}:
        row = await (await connection.execute(queries.package_secrets, {"request_id": request_id})).fetchone()
        place, column = (LINK, 0) if notice == "link" else (PASSPHRASE, 1)
        found["text"] = "" if row is None else key.open(row[column], place, request_id)
    return found


async def figures(connection: Connection, user_id: str) -> RequestFigures:
    """How many are open, of what kind, and how many are late."""
    now = await clock(connection)
    rows = await (await connection.execute(queries.figures, {"now": now, "user_id": user_id})).fetchall()
    switch = await (await connection.execute(queries.paused_all)).fetchone()
    by_type, by_status = Counter[RequestType](), Counter[RequestState]()
    for kind, state, count, *_ in rows:
        by_type[RequestType(kind)] += count
        by_status[RequestState(state)] += count
    return RequestFigures(
        open=sum(by_type.values()),
        by_type=dict(by_type),
        by_status=dict(by_status),
        past_internal=sum(row[3] for row in rows),
        past_due=sum(row[4] for row in rows),
        mine=sum(row[5] for row in rows),
        paused_all=switch == (True,),
        as_of=now,
    )


async def count_open(connection: Connection, _principal: Any) -> int:
    """How many are open, for the badge."""
    row = await (await connection.execute(queries.count_open)).fetchone()
    assert row is not None  # noqa: S101 - a select of one row
    return int(row[0])
