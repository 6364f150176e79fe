"""Everything that records consent. A snapshot is never changed; each is an entry of the audit log that names nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from pydantic import ValidationError

from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError, field_errors, invalid
from backend.core.settings import Settings
from backend.deliveries import ask_shop
from backend.privacy.access import uuid_or_none
from backend.privacy.consent import queries, reads
from backend.privacy.keys.reads import new_id
from backend.privacy.keys.ring import KeyRing
from backend.privacy.persons.actions import Person, register
from models.core.problems import Code
from models.privacy.consent import (
    ConsentImport,
    ConsentImportProblem,
    ConsentImportResult,
    ConsentRequest,
    ConsentSnapshot,
    ConsentStatus,
    ConsentType,
)

WITHDRAWN = "consent.withdrawn"
"""What the shop is asked: to stop writing to somebody, with its id and address, which are looked up as it is sent."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A snapshot, and whether it was recorded before."""

    snapshot: ConsentSnapshot
    known: bool


async def record_consent(
    tx: Connection,
    ring: KeyRing,
    *,
    actor: str,
    request: ConsentRequest,
    recorded_at: datetime | None = None,
) -> Recorded:
    """Record what a person said. A policy or text there is not: 422. The same ``sourceId`` for somebody else: 409."""
    policy, text_id = await _shown(tx, request)
    person = await register(tx, ring, request.identifiers)
    await tx.execute(queries.lock_person, {"person_id": person.id})
    status = request.status
    if request.gpc and request.consent_type is ConsentType.TRACKING:
        status = ConsentStatus.REVOKED  # the browser says so with every request, and outranks a box that was ticked
    row_id = await new_id(tx)
    values = {
        "id": row_id,
        "person_id": person.id,
        "consent_type": request.consent_type,
        "status": status,
        "at": request.timestamp,
        "policy_version": policy,
        "text_id": text_id,
        "channel": request.channel,
        "jurisdiction": request.jurisdiction,
        "gpc": request.gpc,
        "evidence": person.key.seal(request.evidence, reads.EVIDENCE, row_id) if request.evidence else None,
        "source_id": request.source_id,
        "recorded_at": recorded_at,
        "recorded_by": actor,
    }
    snapshot = await _insert(tx, values, request.user_id)
    if snapshot is None:
        return Recorded(await _known(tx, person, request), known=True)
    await _record(tx, actor, person, snapshot)
    if snapshot.consent_type is ConsentType.MARKETING and status is ConsentStatus.REVOKED:
        await _tell_shop(tx, person, snapshot)
    return Recorded(snapshot, known=False)


async def _insert(tx: Connection, values: dict[str, Any], user_id: str | None) -> ConsentSnapshot | None:
    """The row that was put in; ``None`` when its source's id was known."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.insert, values)
        row = await cursor.fetchone()
    return None if row is None else ConsentSnapshot(user_id=user_id, **row)


async def _shown(tx: Connection, request: ConsentRequest) -> tuple[int | None, UUID | None]:
    """The policy and the text somebody was shown. Raises ProblemError 422."""
    policy, text_id = request.policy_version, uuid_or_none(request.text_id)
    if request.text_id is not None:
        row = await (await tx.execute(queries.known_text, {"text_id": text_id})).fetchone()
        if row is None:
            raise invalid("/textId", "there is no such text: send back the one the form named")
        if policy not in {None, row[0]}:
            raise invalid("/policyVersion", f"that text is one of policy {row[0]}")
        return row[0], text_id
    if policy is None:
        row = await (await tx.execute(queries.policy_in_force)).fetchone()
        return (None if row is None else row[0]), None
    if await (await tx.execute(queries.known_policy, {"version": policy})).fetchone() != (True,):
        raise invalid("/policyVersion", "there is no such policy")
    return policy, None


async def _known(tx: Connection, person: Person, request: ConsentRequest) -> ConsentSnapshot:
    row = await (await tx.execute(queries.of_source, {"source_id": request.source_id})).fetchone()
    if row is None or row[1] != person.id:
        raise ProblemError(Code.CONFLICT, "That sourceId was recorded before, for somebody else.")
    audit_trail.nothing_changed()
    return (await reads.snapshot(tx, row[0])).snapshot.model_copy(update={"user_id": request.user_id})


async def _record(tx: Connection, actor: str, person: Person, snapshot: ConsentSnapshot) -> None:
    """Who it was is not in the log: the number of the person leads there, for as long as they have a key."""
    verb = "granted" if snapshot.status is ConsentStatus.GRANTED else "revoked"
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"privacy.consent.{verb}",
        resource_type="consent",
        resource_id=snapshot.consent_id,
        after=snapshot.model_dump(mode="json", by_alias=True, exclude={"user_id", "recorded_by"})
        | {"personId": str(person.id), "keyId": person.key.id.hex()},
    )


async def _tell_shop(tx: Connection, person: Person, snapshot: ConsentSnapshot) -> None:
    newest = await (
        await tx.execute(queries.newest_of_type, {"person_id": person.id, "consent_type": snapshot.consent_type})
    ).fetchone()
    if newest is not None and str(newest[0]) == snapshot.consent_id:
        data = {
            "personId": str(person.id),
            "consentId": snapshot.consent_id,
            "consentType": snapshot.consent_type,
            "timestamp": snapshot.timestamp.isoformat(),
        }
        await ask_shop(tx, name=WITHDRAWN, about=f"consent {snapshot.consent_id}", data=data)


async def import_consents(tx: Connection, ring: KeyRing, *, actor: str, request: ConsentImport) -> ConsentImportResult:
    """Record many; those that cannot be are named, and cost the others nothing."""
    recorded = known = 0
    problems: list[ConsentImportProblem] = []
    for number, row in enumerate(request.consents):
        try:
            consent = ConsentRequest.model_validate(row)
            async with tx.transaction():
                done = await record_consent(tx, ring, actor=actor, request=consent)
        except ValidationError as error:
            problems.append(ConsentImportProblem(row=number, message=_words(field_errors(error.errors()))))
        except ProblemError as error:
            problems.append(ConsentImportProblem(row=number, message=error.detail))
        else:
            known += done.known
            recorded += not done.known
    if not recorded:
        audit_trail.nothing_changed()
    return ConsentImportResult(recorded=recorded, known=known, problems=tuple(problems))


def _words(errors: Sequence[Any]) -> str:
    return "; ".join(f"{each.pointer.rstrip(':')}: {each.message}" for each in errors)


async def record_export(tx: Connection, *, actor: str, purpose: str, rows: int, after: Mapping[str, Any]) -> None:
    """Say that somebody took what is recorded elsewhere."""
    await audit_trail.record(
        tx,
        actor=actor,
        action="privacy.consent.exported",
        resource_type="consent_export",
        resource_id="consents",
        after={"rows": rows, **after},
        reason=purpose,
    )


async def fold_days(database: Database, _settings: Settings) -> None:
    """Sum up the days that are over, for trends."""
    async with database.transaction() as tx:
        await tx.execute(queries.fold_days)
