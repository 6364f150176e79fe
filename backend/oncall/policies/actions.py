"""What changes escalation policies. Every version is kept: pages stay under the one they began with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.oncall.people import known_people
from backend.oncall.policies import queries
from models.core.problems import Code
from models.oncall.policies import PolicyChange, PolicyDefinition, PolicyRequest, Target, TargetKind


async def create(tx: Connection, *, actor: str, request: PolicyRequest) -> UUID:
    """A new policy."""
    await _check(tx, request.name, None, request.definition)
    values = _values(request.model_dump(exclude={"definition"}), request.definition) | {"actor": actor}
    row = await (await tx.execute(queries.insert_policy, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await _record(tx, "created", values | {"policy_id": row[0], "version": row[1], "reason": ""}, before=None)
    policy_id: UUID = row[0]
    return policy_id


async def change(tx: Connection, *, actor: str, policy_id: UUID, version: int, request: PolicyChange) -> None:
    """Another version, as a whole; pages that run go on under theirs. Stale: 412."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock_policy, {"policy_id": policy_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such escalation policy.")
    same_version(row.pop("version"), version)
    if not request.archived:
        await _check(tx, request.name, policy_id, request.definition)
    before = {**row, "archived": row.pop("archived_at") is not None}
    before.pop("archived_at")
    given = request.model_dump(exclude={"definition", "reason"})
    if before == given | {"definition": _stored(request.definition)}:
        audit_trail.nothing_changed()
        return
    values = _values(given, request.definition) | {"policy_id": policy_id, "actor": actor, "reason": request.reason}
    changed = await (await tx.execute(queries.update_policy, values)).fetchone()
    assert changed is not None  # noqa: S101 - it is locked
    await _record(tx, "changed", values | {"version": changed[0]}, before=before)


async def _check(tx: Connection, name: str, policy_id: UUID | None, definition: PolicyDefinition) -> None:
    taken = await (await tx.execute(queries.taken_name, {"name": name, "policy_id": policy_id})).fetchone()
    if taken == (True,):
        raise invalid("/name", f"another escalation policy is called “{name}”")
    for number, step in enumerate(definition.steps):
        await _check_targets(tx, step.targets, f"/definition/steps/{number}/targets")
    await _check_targets(tx, definition.fallback, "/definition/fallback")


async def _check_targets(tx: Connection, targets: Iterable[Target], pointer: str) -> None:
    found = list(targets)
    await known_people(tx, [each.id for each in found if each.kind is TargetKind.PERSON], pointer)
    ids = {each.id for each in found if each.kind is not TargetKind.PERSON}
    known = {row[0] for row in await (await tx.execute(queries.known_schedules, {"ids": sorted(ids)})).fetchall()}
    if ids - known:
        raise invalid(pointer, "there is no such schedule, or it is archived")


def _stored(definition: PolicyDefinition) -> dict[str, Any]:
    return definition.model_dump(mode="json", by_alias=True)


def _values(given: dict[str, Any], definition: PolicyDefinition) -> dict[str, Any]:
    return {**given, "definition": Jsonb(_stored(definition))}


async def _record(tx: Connection, what: str, values: dict[str, Any], *, before: dict[str, Any] | None) -> None:
    await tx.execute(queries.insert_version, values)
    told = ("name", "team", "description", "archived")
    after = {key: values[key] for key in told if key in values} | {"definition": values["definition"].obj}
    await audit_trail.record(
        tx,
        actor=values["actor"],
        action=f"oncall.policy.{what}",
        resource_type="escalation_policy",
        resource_id=str(values["policy_id"]),
        label=values["name"],
        version=values["version"],
        before=before,
        after=after,
        reason=values["reason"] or None,
    )
