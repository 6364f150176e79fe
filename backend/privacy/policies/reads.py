"""Reading policies, the texts of forms, and who has acknowledged what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.privacy.keys.reads import open_keys
from backend.privacy.keys.ring import KeyRing
from backend.privacy.persons.reads import identifiers_of
from backend.privacy.policies import queries
from models.core.problems import Code
from models.privacy import Jurisdiction
from models.privacy.consent import ConsentFormText, Policy, PolicyAcknowledgement

MISSING = "There is no such policy."
FALLBACK = "en"


async def page(connection: Connection, below: int | None, limit: int) -> list[Policy | Unreadable]:
    """Policies behind the last one of the page before, the newest first."""
    async with connection.cursor(row_factory=lenient_row(Policy)) as cursor:
        await cursor.execute(queries.page, {"below": below, "limit": limit})
        return await cursor.fetchall()


async def find(connection: Connection, version: int) -> Policy:
    """One policy. Raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(Policy)) as cursor:
        await cursor.execute(queries.one, {"version": version})
        return the_one(await cursor.fetchall(), MISSING)


async def form_text(
    connection: Connection, locale: str, jurisdiction: Jurisdiction | None, *, turnstile: bool
) -> ConsentFormText:
    """What a form shows in a language: of the law itself if there is one, else of all; English where nothing fits.

    Raises ProblemError 404 while no policy is published.
    """
    row = await (await connection.execute(queries.in_force)).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "No policy is published yet, so there is nothing to consent to.")
    version, url = row

    def with_rest(**values: Any) -> ConsentFormText:
        return ConsentFormText(policy_url=url, turnstile=turnstile, **values)

    async with connection.cursor(row_factory=lenient_row(with_rest)) as cursor:
        await cursor.execute(queries.texts, {"version": version, "jurisdiction": jurisdiction})
        texts = readable(await cursor.fetchall())
    language = locale.partition("-")[0]
    for wanted in (locale, language, FALLBACK):
        for text in texts:
            if text.locale == wanted:
                return text
    if not texts:
        raise ProblemError(Code.NOT_FOUND, "The policy in force has no text for this law.")
    return texts[0]


async def acknowledged_by(connection: Connection, person_id: UUID) -> tuple[PolicyAcknowledgement, ...]:
    """What a person has acknowledged, the newest version first."""
    async with connection.cursor(row_factory=lenient_row(PolicyAcknowledgement)) as cursor:
        await cursor.execute(queries.acknowledged_by, {"person_id": person_id})
        return readable(await cursor.fetchall())


async def acknowledgement(connection: Connection, person_id: UUID, version: int) -> PolicyAcknowledgement:
    """That a person has acknowledged a version. Raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(PolicyAcknowledgement)) as cursor:
        await cursor.execute(queries.acknowledgement, {"person_id": person_id, "version": version})
        return the_one(await cursor.fetchall(), "It was not acknowledged.")


async def outstanding(connection: Connection, version: int, after: UUID | None, limit: int) -> list[UUID]:
    """People who have not acknowledged a version, behind the last one of the page before."""
    values = {"version": version, "after": after, "limit": limit}
    return [row[0] for row in await (await connection.execute(queries.outstanding, values)).fetchall()]


async def who(connection: Connection, ring: KeyRing, person_ids: list[UUID]) -> dict[UUID, dict[str, tuple[str, ...]]]:
    """Identifiers of people."""
    keys = await open_keys(connection, ring, person_ids)
    return await identifiers_of(connection, keys, keys)
