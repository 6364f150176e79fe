"""Everything that changes policies and who has acknowledged them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.deliveries import ask_shop
from backend.privacy.keys.ring import KeyRing
from backend.privacy.persons.actions import register
from backend.privacy.policies import queries, reads
from models.core.problems import Code
from models.privacy.consent import AcknowledgementRequest, Campaign, Policy, PolicyAcknowledgement, PolicyRequest

CAMPAIGN_MOST: Final = 5_000
"""People asked at once; the next campaign asks those who are left."""
ACKNOWLEDGE: Final = "policy.acknowledge"
"""What the shop is asked: to have somebody acknowledge a policy, whose id and address are looked up as it is sent."""


async def publish(tx: Connection, *, actor: str, request: PolicyRequest, at: datetime | None = None) -> Policy:
    """A new version; it is in force from now on."""
    values = request.model_dump(include={"title", "changes", "url", "requires_acknowledgement"})
    row = await (await tx.execute(queries.insert, values | {"actor": actor, "at": at})).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    for text in request.texts:
        kept = text.model_dump(mode="json", by_alias=True)["choices"]
        fields = text.model_dump(exclude={"choices"})
        await tx.execute(queries.insert_text, fields | {"policy_version": row[0], "choices": Jsonb(kept)})
    policy = await reads.find(tx, row[0])
    await audit_trail.record(
        tx,
        actor=actor,
        action="privacy.policy.published",
        resource_type="privacy_policy",
        resource_id=str(policy.version),
        label=policy.title,
        version=policy.version,
        after=request.model_dump(mode="json", by_alias=True),
    )
    return policy


async def acknowledge(
    tx: Connection, ring: KeyRing, *, actor: str, version: int, request: AcknowledgementRequest
) -> PolicyAcknowledgement:
    """A person has acknowledged a version; again changes nothing. No such version: 404."""
    await reads.find(tx, version)
    person = await register(tx, ring, request.identifiers)
    values = {"person_id": person.id, "version": version, "at": request.timestamp, "channel": request.channel}
    made = await _insert_acknowledgement(tx, values)
    if made is None:
        audit_trail.nothing_changed()
        return await reads.acknowledgement(tx, person.id, version)
    await audit_trail.record(
        tx,
        actor=actor,
        action="privacy.policy.acknowledged",
        resource_type="policy_acknowledgement",
        resource_id=str(person.id),
        after={"policyVersion": version, "channel": request.channel},
    )
    return made


async def begin_campaign(tx: Connection, *, actor: str, version: int) -> Campaign:
    """Have the shop ask those who have not acknowledged a version. Not the kind that must be: 409."""
    await tx.execute(queries.lock)
    policy = await reads.find(tx, version)
    if not policy.requires_acknowledgement:
        raise ProblemError(Code.CONFLICT, "This policy need not be acknowledged: nobody has to be asked.")
    people = await reads.outstanding(tx, version, None, CAMPAIGN_MOST)
    for person_id in people:
        data = {"personId": str(person_id), "policyVersion": version, "title": policy.title, "changes": policy.changes}
        await ask_shop(tx, name=ACKNOWLEDGE, about=f"policy {version}", data=data | {"url": policy.url})
    await tx.execute(queries.begin_campaign, {"version": version, "actor": actor, "asked": len(people)})
    await audit_trail.record(
        tx,
        actor=actor,
        action="privacy.policy.campaign_begun",
        resource_type="privacy_policy",
        resource_id=str(version),
        label=policy.title,
        version=version,
        after={"asked": len(people)},
    )
    return Campaign(version=version, asked=len(people))


async def _insert_acknowledgement(tx: Connection, values: dict[str, Any]) -> PolicyAcknowledgement | None:
    """The row that was put in; ``None`` when it was there."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.acknowledge, values)
        row = await cursor.fetchone()
    return None if row is None else PolicyAcknowledgement(**row)
