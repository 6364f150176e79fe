"""Changing the severity matrix: alone to make it stricter, by two people to make it laxer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from backend import approvals
from backend.core import audit_trail
from backend.core.capability import ApprovalKind
from backend.core.database import Connection
from backend.core.problems import ProblemError, same_version
from backend.incidents import paging
from backend.incidents.matrix import queries
from backend.incidents.matrix.relaxed import relaxed
from models.access import Approval
from models.core.permissions import Permission
from models.core.problems import Code
from models.incidents.matrix import SeverityLevel, SeverityMatrix, SeverityMatrixRequest

APPROVAL_MINUTES: Final = 24 * 60


async def change_matrix(
    tx: Connection, *, actor: str, version: int, request: SeverityMatrixRequest
) -> SeverityMatrix | Approval:
    """Put another matrix in the place of this one; what asks for less waits for somebody else's yes. Stale: 412."""
    before = await _lock(tx)
    same_version(before.version, version)
    levels = tuple(sorted(request.levels, key=lambda level: level.severity))
    await paging.known_policies(tx, [level.escalation_policy_id for level in levels], "/levels")
    if levels == before.levels:
        audit_trail.nothing_changed()
        return before
    less = relaxed(before, levels)
    if not less:
        return await _write(tx, actor=actor, before=before, levels=levels, reason=request.reason)
    return await approvals.ask(
        tx,
        actor=actor,
        kind=MATRIX.name,
        title=f"Severity matrix: {'; '.join(less)}"[:500],
        subject_type="severity_matrix",
        subject_id="matrix",
        gainer=None,
        details={
            "version": before.version,
            "levels": [level.model_dump(mode="json", by_alias=True) for level in levels],
        },
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=APPROVAL_MINUTES,
    )


async def _apply(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    values = {"user_id": approval.requested_by, "permission": Permission.MANAGE_ONCALL}
    if await (await tx.execute(queries.may, values)).fetchone() != (True,):
        raise ProblemError(
            Code.CONFLICT, f"{approval.requested_by_name}, who asked for it, may not do so any more; deny it."
        )
    before = await _lock(tx)
    if before.version != approval.details["version"]:
        raise ProblemError(Code.CONFLICT, "The severity matrix was changed meanwhile; deny this and ask again.")
    levels = tuple(SeverityLevel.model_validate(level) for level in approval.details["levels"])
    after = await _write(tx, actor=approval.requested_by, before=before, levels=levels, reason=approval.reason)
    return _snapshot(after)


MATRIX = ApprovalKind("incidents.matrix", _apply)


async def _lock(tx: Connection) -> SeverityMatrix:
    async with tx.cursor(row_factory=class_row(SeverityMatrix)) as cursor:
        await cursor.execute(queries.lock_matrix)
        found = await cursor.fetchone()
    assert found is not None  # noqa: S101 - the migration puts the row there
    return found


async def _write(
    tx: Connection, *, actor: str, before: SeverityMatrix, levels: tuple[SeverityLevel, ...], reason: str
) -> SeverityMatrix:
    kept = Jsonb([level.model_dump(mode="json", by_alias=True) for level in levels])
    async with tx.cursor(row_factory=class_row(SeverityMatrix)) as cursor:
        await cursor.execute(queries.change_matrix, {"levels": kept, "actor": actor})
        after = await cursor.fetchone()
    assert after is not None  # noqa: S101 - the row is locked
    await audit_trail.record(
        tx,
        actor=actor,
        action="incidents.matrix.changed",
        resource_type="severity_matrix",
        resource_id="matrix",
        version=after.version,
        before=_snapshot(before),
        after=_snapshot(after),
        reason=reason,
    )
    return after


def _snapshot(matrix: SeverityMatrix) -> dict[str, Any]:
    return matrix.model_dump(mode="json", by_alias=True)
