"""Requests are taken in, verified, linked and closed here. What people write about them is sealed, and in no log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, array
from backend.core.problems import ProblemError, field_errors, invalid, same_version
from backend.deliveries import ask_shop
from backend.privacy.keys.actions import make_key
from backend.privacy.keys.reads import Purpose, must_hold_key, new_id
from backend.privacy.keys.ring import DataKey, KeyRing
from backend.privacy.persons.actions import register
from backend.privacy.persons.reads import find_person
from backend.privacy.requests import queries, reads
from backend.privacy.requests.dating import due_now, first_due
from models.core.problems import Code
from models.privacy.requests import (
    OPEN_STATES,
    AccessRequest,
    AccessRequestImport,
    AccessRequestImportResult,
    ImportProblem,
    LinkRequest,
    PrivacyRequest,
    RequestChange,
    RequestSource,
    RequestState,
    RequestType,
    VerificationMethod,
    VerifyRequest,
)

SESSION_GOOD_FOR: Final = timedelta(minutes=15)
CHANGED: Final = "privacy.request_changed"
"""What the shop is asked: to tell the person of a change, whose words are looked up as it is sent."""
PROVES: Final[Mapping[VerificationMethod, frozenset[str]]] = {
    VerificationMethod.SESSION: frozenset({"customer_id", "email"}),
    VerificationMethod.EMAIL: frozenset({"email"}),
    VerificationMethod.ORDER: frozenset({"customer_id", "email"}),
    VerificationMethod.DOCUMENT: frozenset({"customer_id", "email"}),
}
"""Whoever answers from an address has shown that it is theirs, and nothing about an account they name beside it."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Who hands a request in."""

    actor: str
    source: RequestSource
    vouches: bool = False
    """Whether it is the shop itself, which knows who is signed in."""


async def take_in(tx: Connection, ring: KeyRing, *, intake: Intake, request: AccessRequest) -> PrivacyRequest:
    """Take a request in. It waits for proof of identity, unless the shop vouches for a session.

    Another open one of the same kind and person is linked with it: see ``link_duplicates``. A receipt that lies ahead,
    or a session that is too old: 422.
    """
    now = await clock(tx)
    received_at = request.received_at or now
    if received_at > now:
        raise invalid("/receivedAt", "a request cannot have been received after now")
    _check_session(intake, request, now)
    request_id = await new_id(tx)
    key = await make_key(tx, ring, request_id, Purpose.REQUEST)
    when = await first_due(tx, request.jurisdiction, received_at)
    claimed = json.dumps(request.identifiers, ensure_ascii=False)
    values = {
        "id": request_id,
        "type": request.type,
        "source": intake.source,
        "channel": request.channel,
        "jurisdiction": request.jurisdiction,
        "received_at": received_at,
        "due_on": when.on,
        "due_at": when.at,
        "internal_at": when.internal_at,
        "claimed": key.seal(claimed, reads.CLAIMED, request_id),
        "words": key.seal(request.reason, reads.WORDS, request_id) if request.reason else None,
        "actor": intake.actor,
    }
    await tx.execute(queries.insert, values)
    for kind, value in request.identifiers.items():
        claim = {"request_id": request_id, "kind": kind, "mac": ring.mac(kind, value)}
        await tx.execute(queries.insert_claim, claim)
    await record_request(tx, intake.actor, "received", None, await reads.find(tx, request_id))
    if request.session is not None:
        await _confirm(tx, ring, intake.actor, request_id, key, request.identifiers, VerificationMethod.SESSION)
    await link_duplicates(tx, actor=intake.actor, request_id=request_id)
    return await reads.find(tx, request_id)


def _check_session(intake: Intake, request: AccessRequest, now: datetime) -> None:
    if request.session is None:
        return
    if not intake.vouches:
        raise invalid("/session", "only the shop itself vouches for a session; others verify who it is")
    if not timedelta() <= now - request.session.authenticated_at <= SESSION_GOOD_FOR:
        raise invalid("/session/authenticatedAt", "that is no proof: they must have signed in within fifteen minutes")


async def import_requests(
    tx: Connection, ring: KeyRing, *, actor: str, request: AccessRequestImport
) -> AccessRequestImportResult:
    """Take many in; those that cannot be are named. What another system says of their identity counts for nothing."""
    taken = 0
    problems: list[ImportProblem] = []
    for number, row in enumerate(request.requests):
        try:
            async with tx.transaction():
                wanted = AccessRequest.model_validate(row)
                await take_in(tx, ring, intake=Intake(actor, RequestSource.IMPORT), request=wanted)
        except ValidationError as error:
            words = "; ".join(f"{each.pointer.rstrip(':')}: {each.message}" for each in field_errors(error.errors()))
            problems.append(ImportProblem(row=number, message=words))
        except ProblemError as error:
            problems.append(ImportProblem(row=number, message=error.detail))
        else:
            taken += 1
    if not taken:
        audit_trail.nothing_changed()
    return AccessRequestImportResult(taken=taken, problems=tuple(problems))


async def verify(
    tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, version: int, request: VerifyRequest
) -> PrivacyRequest:
    """Say whether a person is who they say. Verified or closed already: 409. Stale: 412.

    Identifiers that the method proves decide who it is; those that are two people's are refused (409).
    """
    await tx.execute(queries.lock, {"request_id": request_id})
    before = await reads.find(tx, request_id)
    same_version(before.version, version)
    if before.status not in {RequestState.IDENTITY, RequestState.DUPLICATE} or before.verified_at is not None:
        raise ProblemError(Code.CONFLICT, "It does not wait for proof of identity any more.")
    key = await must_hold_key(tx, ring, request_id)
    sealed = key.seal(request.evidence, reads.EVIDENCE, request_id)
    if not request.confirmed:
        await tx.execute(queries.note_failed, {"request_id": request_id, "evidence": sealed})
        after = await reads.find(tx, request_id)
        await record_request(tx, actor, "not_verified", before, after)
        return after
    claimed = (await reads.person_of(tx, ring, request_id))[0].claimed
    await _confirm(tx, ring, actor, request_id, key, claimed, request.method, sealed)
    await link_duplicates(tx, actor=actor, request_id=request_id)
    return await reads.find(tx, request_id)


async def _confirm(
    tx: Connection,
    ring: KeyRing,
    actor: str,
    request_id: UUID,
    key: DataKey,
    claimed: Mapping[str, str],
    method: VerificationMethod,
    evidence: bytes | None = None,
) -> None:
    """The one place where a request becomes one of a person; whatever way it came, it comes by here."""
    proven = {kind: value for kind, value in claimed.items() if kind in PROVES[method]}
    if not proven:
        raise ProblemError(Code.CONFLICT, "That shows nothing about what the person says identifies them.")
    people = {await find_person(tx, ring, {kind: value}) for kind, value in proven.items()} - {None}
    if len(people) > 1:
        raise ProblemError(
            Code.CONFLICT, "The id and the address are two people's: find out whose request it is, and take it in anew."
        )
    before = await reads.find(tx, request_id)
    person = await register(tx, ring, proven)
    state = RequestState.APPROVAL if before.type is RequestType.DELETION else RequestState.RUNNING
    values = {
        "request_id": request_id,
        "state": state,
        "person_id": person.id,
        "actor": actor,
        "method": method,
        "evidence": evidence or key.seal("the shop vouches for the session", reads.EVIDENCE, request_id),
    }
    await tx.execute(queries.verify, values)
    await record_request(tx, actor, "verified", before, await reads.find(tx, request_id))


async def link_duplicates(tx: Connection, *, actor: str, request_id: UUID) -> None:
    """Have one of all open requests of the same kind and person be worked on, and the others point at it.

    It is the one that is worked on already, else the one that was received first of those that are verified, else of
    all. Nothing is merged: who was verified stays verified for their own request alone. The clock of the one runs from
    the earliest receipt of all.
    """
    macs = await (await tx.execute(queries.claims, {"request_id": request_id})).fetchall()
    await tx.execute(queries.lock_claims, {"macs": array(sorted(f"{kind} {mac.hex()}" for kind, mac in macs))})
    mine = await reads.find(tx, request_id)
    if mine.status not in OPEN_STATES:
        return
    _, person_id = await _whose(tx, request_id)
    wanted = {"request_id": request_id, "type": mine.type, "person_id": person_id}
    rows = await (await tx.execute(queries.same_claims, wanted)).fetchall()
    found = [mine, *[await reads.find(tx, row[0]) for row in rows]]
    canonical, *others = sorted(found, key=_rank)
    for other in others:
        await _link(tx, actor, other, canonical)
    if others:
        await tx.execute(queries.clock_from, {"request_id": canonical.request_id})
        await redate(tx, UUID(canonical.request_id))


def _rank(request: PrivacyRequest) -> tuple[bool, bool, datetime, str]:
    begun = request.status not in {RequestState.IDENTITY, RequestState.APPROVAL}
    return not begun, request.verified_at is None, request.submitted_at, request.request_id


async def _link(tx: Connection, actor: str, duplicate: PrivacyRequest, canonical: PrivacyRequest) -> None:
    wanted = {"request_id": duplicate.request_id, "canonical_id": canonical.request_id}
    await tx.execute(queries.link, wanted)
    await tx.execute(queries.relink, wanted)
    after = await reads.find(tx, UUID(duplicate.request_id))
    await record_request(tx, actor, "linked", duplicate, after)


async def link(tx: Connection, *, actor: str, request_id: UUID, version: int, request: LinkRequest) -> PrivacyRequest:
    """Say that a request is the same as another one, though they name themselves differently.

    Only an unverified one can be linked by hand: who was verified is not what another request says. Otherwise 409.
    """
    await tx.execute(queries.lock, {"request_id": request_id})
    before = await reads.find(tx, request_id)
    same_version(before.version, version)
    other = await reads.find(tx, _other(request.other))
    if before.request_id == other.request_id or before.type is not other.type:
        raise invalid("/other", "it is linked with another request of the same kind")
    if before.status is not RequestState.IDENTITY or other.status not in OPEN_STATES:
        raise ProblemError(Code.CONFLICT, "Only what waits for proof of identity is linked, with one that is open.")
    await _link(tx, actor, before, other)
    await tx.execute(queries.clock_from, {"request_id": other.request_id})
    await redate(tx, UUID(other.request_id))
    return await reads.find(tx, request_id)


async def unlink(tx: Connection, *, actor: str, request_id: UUID, version: int) -> PrivacyRequest:
    """Say that a duplicate is none: it waits for proof of identity, as if it had just come. Not one: 409."""
    await tx.execute(queries.lock, {"request_id": request_id})
    before = await reads.find(tx, request_id)
    same_version(before.version, version)
    if before.status is not RequestState.DUPLICATE:
        raise ProblemError(Code.CONFLICT, "It is not linked with another one.")
    await tx.execute(queries.unlink, {"request_id": request_id})
    after = await reads.find(tx, request_id)
    await record_request(tx, actor, "unlinked", before, after)
    return after


def _other(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise invalid("/other", "there is no such request") from None


async def change(
    tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, version: int, request: RequestChange
) -> PrivacyRequest:
    """Give it to somebody, under another law, or close it. Closed already: 409. Stale: 412."""
    await tx.execute(queries.lock, {"request_id": request_id})
    before = await reads.find(tx, request_id)
    same_version(before.version, version)
    if before.status not in OPEN_STATES:
        raise ProblemError(Code.CONFLICT, f"It is {before.status} already.")
    if request.status is not None and before.status in {RequestState.RUNNING, RequestState.REVIEW}:
        raise ProblemError(Code.CONFLICT, "It runs: what was begun is brought to its end.")
    given = request.model_fields_set
    if request.owner is not None and not await _is_known(tx, request.owner):
        raise invalid("/owner", "there is no such person")
    key = await must_hold_key(tx, ring, request_id) if request.reason.strip() else None
    values = {
        "request_id": request_id,
        "owner": request.owner if "owner" in given else before.owner,
        "jurisdiction": request.jurisdiction or before.jurisdiction,
        "state": request.status or before.status,
        "closing": None if key is None else key.seal(request.reason, reads.CLOSING, request_id),
    }
    if (values["owner"], values["jurisdiction"], values["state"]) == (
        before.owner,
        before.jurisdiction,
        before.status,
    ):
        audit_trail.nothing_changed()
        return before
    await tx.execute(queries.change, values)
    if request.jurisdiction is not None:
        await redate(tx, request_id)
    after = await reads.find(tx, request_id)
    closed = "refused" if request.status is RequestState.REFUSED else "withdrawn"
    verb = "changed" if request.status is None else closed
    await record_request(tx, actor, verb, before, after)
    if request.status is not None:
        await tell_person(tx, after, "closing")
    return after


async def _is_known(tx: Connection, person: str) -> bool:
    row = await (await tx.execute(queries.known_person, {"person": person})).fetchone()
    return row == (True,)


async def redate(tx: Connection, request_id: UUID) -> None:
    """Work out anew when a request is due."""
    when = await due_now(tx, request_id)
    values = {"due_on": when.on, "due_at": when.at, "internal_at": when.internal_at}
    await tx.execute(queries.set_clock, values | {"request_id": request_id})


async def tell_person(tx: Connection, request: PrivacyRequest, notice: str) -> None:
    """Have the shop tell the person how their request stands; their name and the words go with it when it is sent."""
    data = {"privacyRequestId": request.request_id, "status": request.status, "type": request.type, "notice": notice}
    await ask_shop(tx, name=CHANGED, about=request.reference, data=data | {"dueOn": request.due_on.isoformat()})


async def record_request(
    tx: Connection, actor: str, verb: str, before: PrivacyRequest | None, after: PrivacyRequest, **facts: Any
) -> None:
    """One entry of the audit log, which says what became of a request and not whose it is."""
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"privacy.request.{verb}",
        resource_type="privacy_request",
        resource_id=after.request_id,
        label=after.reference,
        version=after.version,
        before=None if before is None else _audit_snapshot(before),
        after=_audit_snapshot(after) | facts,
    )


NOT_AUDITED: Final = {"owner_name", "verified_by_name", "progress", "artifacts_url"}
"""What follows from the rest."""


def _audit_snapshot(request: PrivacyRequest) -> dict[str, Any]:
    return request.model_dump(mode="json", by_alias=True, exclude=NOT_AUDITED)


async def _whose(tx: Connection, request_id: UUID) -> tuple[bytes | None, UUID | None]:
    row = await (await tx.execute(queries.sealed, {"request_id": request_id})).fetchone()
    assert row is not None  # noqa: S101 - whoever asks holds its row
    return row[0], row[4]


async def note_reminded(tx: Connection, request_id: UUID) -> None:
    """Remember that its owner was reminded that it is late by our own rule."""
    await tx.execute(queries.note_reminded, {"request_id": request_id})
