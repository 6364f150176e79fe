"""Open and close reviews of break-glass grants. Specification: "RBAC Foundation"."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.access.break_glass import reads
from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError, same_version
from models.access import AccessReview, RoleAssignment
from models.alerts import Severity
from models.core.permissions import Permission
from models.core.problems import Code

queries = load_queries(__package__)

SOURCE = "rbac.break_glass"


async def open_review(tx: Connection, assignment: RoleAssignment) -> None:
    """Open one for a grant, with its alert."""
    row = await (await tx.execute(queries.open_review, {"assignment_id": assignment.assignment_id})).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action="rbac.review.opened",
        resource_type="access_review",
        resource_id=str(row[0]),
        label=f"{assignment.role_name} of {assignment.user_name}",
        version=1,
        after={"assignmentId": assignment.assignment_id},
    )
    await raise_alert(
        tx,
        source=SOURCE,
        key=str(row[0]),
        title=f"Glass broken: {assignment.role_name} for {assignment.user_name}",
        severity=Severity.P2,
        guidance=(
            "See in the audit log what the role was used for.\n"
            "Close the review in the Access workspace with what you found; whoever asked or gained cannot."
        ),
    )


async def close_review(tx: Connection, *, actor: str, review_id: UUID, version: int, findings: str) -> AccessReview:
    """Close a review with what was found. Never by the one who gained or who asked: 403. Closed already: 409."""
    await tx.execute(queries.lock_review, {"review_id": review_id})
    before = await reads.review(tx, review_id)
    if before.closed_at is not None:
        raise ProblemError(Code.CONFLICT, f"{before.closed_by_name} has closed this review already.")
    if actor in {before.assignment.user_id, before.assignment.granted_by}:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            "You asked for this grant or gained by it; somebody else must close its review.",
            permission=Permission.APPROVE_ROLES,
        )
    same_version(before.version, version)
    await tx.execute(queries.close_review, {"review_id": review_id, "actor": actor, "findings": findings})
    after = await reads.review(tx, review_id)
    await clear_condition(tx, source=SOURCE, key=str(review_id), actor=actor)
    await audit_trail.record(
        tx,
        actor=actor,
        action="rbac.review.closed",
        resource_type="access_review",
        resource_id=after.review_id,
        label=f"{after.assignment.role_name} of {after.assignment.user_name}",
        version=after.version,
        before=_audit_snapshot(before),
        after=_audit_snapshot(after),
        reason=findings,
    )
    return after


def _audit_snapshot(review: AccessReview) -> dict[str, Any]:
    return review.model_dump(mode="json", by_alias=True)
