"""Packages are redacted, released and fetched; each of these is written down."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Final
from uuid import UUID

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.sealed_archive import ArchiveError, seal_archive
from backend.privacy.access import uuid_or_none
from backend.privacy.keys.reads import must_hold_key
from backend.privacy.keys.ring import KeyRing
from backend.privacy.packages import queries, reads
from backend.privacy.packages.content import to_html, to_json
from backend.privacy.requests import reads as requests
from backend.privacy.requests.actions import record_request, tell_person
from models.core.problems import Code
from models.privacy.packages import PackageRelease, RedactRequest
from models.privacy.requests import PrivacyRequest, RequestState

LINK_SECONDS: Final = 24 * 3_600.0
PATH: Final = "/api/privacy/packages/"
WORDS: Final = 8
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look like others: people type it."""


async def redact(
    tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, version: int, request: RedactRequest
) -> PrivacyRequest:
    """Take fields out before release. Not in review: 409. A field there is not: 422. Stale: 412."""
    before = await _in_review(tx, request_id, version, {RequestState.REVIEW})
    parts = {str(part.node_id): part for part in (await reads.gathered(tx, ring, request_id))[0]}
    taken = 0
    for number, each in enumerate(request.redactions):
        part = parts.get(each.node_id)
        if part is None or each.row >= len(part.rows) or each.field not in part.rows[each.row]:
            raise invalid(f"/redactions/{number}", "there is no such field in what was gathered")
        values = {"node_id": uuid_or_none(each.node_id), "row": each.row, "field": each.field, "actor": actor}
        taken += await (await tx.execute(queries.insert_redaction, values)).fetchone() is not None
    if not taken:
        audit_trail.nothing_changed()
        return before
    await record_request(tx, actor, "redacted", None, before, fields=taken)
    return before


async def release(tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, version: int) -> PackageRelease:
    """Pack what was gathered and have the person told where it is; again makes a new link, and ends the old one.

    Nothing to release yet: 409. Stale: 412. The archive cannot be made: 503.
    """
    before = await _in_review(tx, request_id, version, {RequestState.REVIEW, RequestState.READY})
    parts, redacted = await reads.gathered(tx, ring, request_id)
    key = await must_hold_key(tx, ring, request_id)
    token, passphrase = secrets.token_urlsafe(32), _passphrase()
    content = await _packed(before.reference, parts, passphrase)
    values = {
        "request_id": request_id,
        "content": content,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": sum(len(part.rows) for part in parts),
        "redacted": redacted,
        "link": key.seal(f"{PATH}{token}", requests.LINK, request_id),
        "passphrase": key.seal(passphrase, requests.PASSPHRASE, request_id),
        "token_hash": _hash(token),
        "actor": actor,
        "seconds": LINK_SECONDS,
    }
    await tx.execute(queries.keep, values)
    await tx.execute(queries.set_ready, {"request_id": request_id})
    after = await requests.find(tx, request_id)
    facts = {"sha256": values["sha256"], "rows": values["rows"], "redacted": redacted}
    await record_request(tx, actor, "released", before, after, **facts)
    # Two messages, for two ways: whoever reads the one cannot open what it leads to.
    await tell_person(tx, after, "link")
    await tell_person(tx, after, "passphrase")
    return await reads.release(tx, request_id)


async def _packed(reference: str, parts: list[reads.GatheredPart], passphrase: str) -> bytes:
    given = [(part.name, part.title, part.rows) for part in parts]
    page, data = await asyncio.to_thread(lambda: (to_html(reference, given), to_json(reference, given)))
    try:
        return await seal_archive({"your-data.html": page, "your-data.json": data}, passphrase)
    except ArchiveError as error:
        raise ProblemError(Code.UNAVAILABLE, f"{error}.", headers={"Retry-After": "30"}) from None


async def fetch(tx: Connection, token: str) -> bytes | None:
    """The file behind a link; ``None`` when it has ended. Each try is written down. Raises ProblemError 404."""
    row = await (await tx.execute(queries.of_token, {"token_hash": _hash(token)})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "This link leads nowhere.")
    request_id, content, valid = row
    await tx.execute(queries.note_download, {"request_id": request_id, "refused": not valid})
    before = await requests.find(tx, request_id)
    if valid:
        await tx.execute(queries.set_fetched, {"request_id": request_id})
    after = await requests.find(tx, request_id)
    verb = "downloaded" if valid else "download_refused"
    await record_request(tx, "system:person", verb, before, after)
    return content if valid else None


async def forget_packages(tx: Connection) -> None:
    """Let go of files whose link has long ended, and of what was gathered for requests that are closed."""
    await tx.execute(queries.forget_expired)


def _passphrase() -> str:
    """Sixteen characters in groups of four, near 80 bits."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(2 * WORDS))
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def _in_review(tx: Connection, request_id: UUID, version: int, states: set[RequestState]) -> PrivacyRequest:
    await tx.execute(queries.lock_request, {"request_id": request_id})
    found = await requests.find(tx, request_id)
    same_version(found.version, version)
    if found.status not in states:
        raise ProblemError(Code.CONFLICT, f"It is {found.status}: there is nothing to hand out now.")
    return found
