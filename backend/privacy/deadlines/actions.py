"""Clocks stand still, run again and are extended; another reading of a law dates open requests anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.privacy.clocks import queries as rule_queries
from backend.privacy.clocks.reads import rules_of
from backend.privacy.keys.reads import must_hold_key, new_id
from backend.privacy.keys.ring import KeyRing
from backend.privacy.requests import queries, reads
from backend.privacy.requests.actions import record_request, redate, tell_person
from models.core.problems import Code
from models.privacy import Jurisdiction
from models.privacy.requests import (
    OPEN_STATES,
    ExtendClock,
    JurisdictionChange,
    JurisdictionRules,
    PauseClock,
    PrivacyRequest,
)


async def pause(
    tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, version: int, request: PauseClock
) -> PrivacyRequest:
    """Stop the clock. The law does not allow it for that reason, or it stands already: 409."""
    before = await _open(tx, request_id, version)
    rules = await rules_of(tx, before.jurisdiction)
    if request.reason not in rules.pauses:
        raise ProblemError(Code.CONFLICT, f"{rules.title}: the clock may not stand still for that ({rules.law}).")
    if request.reason == "identity" and before.verified_at is not None:
        raise ProblemError(Code.CONFLICT, "It is known who they are: for that the clock may not stand still any more.")
    key = await must_hold_key(tx, ring, request_id)
    pause_id = await new_id(tx)
    values = {
        "id": pause_id,
        "request_id": request_id,
        "reason": request.reason,
        "words": key.seal(request.words, reads.PAUSE_WORDS, pause_id),
        "actor": actor,
    }
    if await (await tx.execute(queries.begin_pause, values)).fetchone() is None:
        raise ProblemError(Code.CONFLICT, "The clock stands still already.")
    return await _moved(tx, actor, "paused", before, told="paused", reason=request.reason)


async def resume(tx: Connection, *, actor: str, request_id: UUID, version: int) -> PrivacyRequest:
    """Have the clock run again. It runs: 409."""
    before = await _open(tx, request_id, version)
    if await (await tx.execute(queries.end_pause, {"request_id": request_id, "actor": actor})).fetchone() is None:
        raise ProblemError(Code.CONFLICT, "The clock runs.")
    return await _moved(tx, actor, "resumed", before)


async def extend(
    tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, version: int, request: ExtendClock
) -> PrivacyRequest:
    """Take the time the law gives beyond the first period, and have the person told so, with the words they get.

    Too late, for they must be told before the first date; extended already; or the law has none: 409.
    """
    before = await _open(tx, request_id, version)
    rules = await rules_of(tx, before.jurisdiction)
    if rules.extended == rules.period:
        raise ProblemError(Code.CONFLICT, f"{rules.title} gives no more time ({rules.law}).")
    if before.due_at <= await clock(tx):
        raise ProblemError(Code.CONFLICT, "It is too late: the person had to be told before the first date.")
    key = await must_hold_key(tx, ring, request_id)
    if await (await tx.execute(queries.extend, {"request_id": request_id})).fetchone() is None:
        raise ProblemError(Code.CONFLICT, "It was extended already, and can be once.")
    values = {
        "request_id": request_id,
        "actor": actor,
        "reason": key.seal(request.reason, reads.EXTENSION_REASON, request_id),
        "notice": key.seal(request.notice, reads.EXTENSION_NOTICE, request_id),
    }
    await tx.execute(queries.insert_extension, values)
    return await _moved(tx, actor, "extended", before, told="extension")


async def change_rules(
    tx: Connection, *, actor: str, code: Jurisdiction, version: int, request: JurisdictionChange
) -> JurisdictionRules:
    """Read a law differently, and date what is open under it anew. A zone there is not: 422. Stale: 412."""
    await tx.execute(rule_queries.lock, {"code": code})
    before = await rules_of(tx, code)
    same_version(before.version, version)
    try:
        ZoneInfo(request.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("/zone", "there is no such time zone; they are written like Europe/Berlin") from None
    fields = request.model_dump(exclude={"reason"})
    if all(getattr(before, name) == value for name, value in fields.items()):
        audit_trail.nothing_changed()
        return before
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
    await tx.execute(rule_queries.change, values | {"code": code, "actor": actor})
    for (request_id,) in await (await tx.execute(queries.of_jurisdiction, {"code": code})).fetchall():
        await redate(tx, request_id)
    after = await rules_of(tx, code)
    await audit_trail.record(
        tx,
        actor=actor,
        action="privacy.jurisdiction.changed",
        resource_type="privacy_jurisdiction",
        resource_id=code,
        label=after.title,
        version=after.version,
        before=_audit_snapshot(before),
        after=_audit_snapshot(after),
        reason=request.reason,
    )
    return after


def _audit_snapshot(rules: JurisdictionRules) -> dict[str, Any]:
    return rules.model_dump(mode="json", by_alias=True, exclude={"updated_at", "updated_by"})


async def _moved(
    tx: Connection, actor: str, verb: str, before: PrivacyRequest, told: str = "", **facts: Any
) -> PrivacyRequest:
    request_id = UUID(before.request_id)
    if verb != "extended":
        await tx.execute(queries.touch, {"request_id": request_id})
    await redate(tx, request_id)
    after = await reads.find(tx, request_id)
    await record_request(tx, actor, verb, before, after, **facts)
    if told:
        await tell_person(tx, after, told)
    return after


async def _open(tx: Connection, request_id: UUID, version: int) -> PrivacyRequest:
    await tx.execute(queries.lock, {"request_id": request_id})
    found = await reads.find(tx, request_id)
    same_version(found.version, version)
    if found.status not in OPEN_STATES:
        raise ProblemError(Code.CONFLICT, f"It is {found.status} already: its clock has ended.")
    return found
