"""Calendars to subscribe to. Their programs send no headers: the secret is in the address, and kept as a hash alone."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final
from uuid import UUID

from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError
from backend.core.security import Principal
from backend.oncall.feeds import queries, reads
from backend.oncall.people import known_people
from models.core.permissions import Permission
from models.core.problems import Code
from models.oncall.rosters import Feed, FeedRequest

SECRET_BYTES: Final = 24


async def create(tx: Connection, *, principal: Principal, request: FeedRequest) -> tuple[UUID, str]:
    """A calendar of oneself or a team, or of others for those who manage on-call (403); with its secret, this once."""
    if request.person is not None:
        await _only_own(principal, request.person)
        await known_people(tx, [request.person], "/person")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    values = {
        **request.model_dump(),
        "secret_hash": hashed(secret),
        "last_four": secret[-4:],
        "actor": principal.user_id,
    }
    row = await (await tx.execute(queries.insert_feed, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await _record(tx, principal.user_id, await reads.feed(tx, row[0]), "created")
    return row[0], secret


async def revoke(tx: Connection, *, principal: Principal, feed_id: UUID) -> None:
    """End a calendar: its address answers nothing from now on."""
    feed = await reads.feed(tx, feed_id)
    if feed.created_by != principal.user_id:
        await _only_own(principal, feed.person or "")
    if await (await tx.execute(queries.revoke_feed, {"feed_id": feed_id})).fetchone() is None:
        audit_trail.nothing_changed()
        return
    await _record(tx, principal.user_id, await reads.feed(tx, feed_id), "revoked")


async def read_by_secret(database: Database, secret: str) -> tuple[str | None, str | None, str | None]:
    """Person, name and team of the calendar with a secret, and note that it was read. Raises ProblemError 404."""
    async with database.transaction() as tx:
        row = await (await tx.execute(queries.feed_of_secret, {"secret_hash": hashed(secret)})).fetchone()
        if row is None:
            raise ProblemError(Code.NOT_FOUND, "There is no such calendar, or it was ended.")
        feed_id, person, name, team, is_due = row
        if is_due:
            await tx.execute(queries.note_read, {"feed_id": feed_id})
    return person, name, team


def hashed(secret: str) -> bytes:
    """What of a secret is kept; it is random and long, so a plain hash keeps it."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


async def _only_own(principal: Principal, person: str) -> None:
    if person != principal.user_id and Permission.MANAGE_ONCALL not in principal.permissions:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            "Only those who manage on-call have calendars of others.",
            permission=Permission.MANAGE_ONCALL,
        )


async def _record(tx: Connection, actor: str, feed: Feed, what: str) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"oncall.feed.{what}",
        resource_type="calendar_feed",
        resource_id=feed.id,
        label=feed.purpose,
        version=feed.version,
        after={"person": feed.person, "team": feed.team, "purpose": feed.purpose},
    )
