"""What others ask about roles and their holders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from models.access import ApprovalPolicy, RoleAssignment, RoleDefinition
from models.core.permissions import BUILT_IN_ROLE_BY_ID
from models.core.problems import Code

queries = load_queries("backend.access")

_ALL: dict[str, Any] = {
    "assignment_id": None,
    "user_id": None,
    "role_id": None,
    "active": None,
    "granted_at": None,
    "after": None,
    "limit": 1,
}


async def roles(connection: Connection, role_id: str | None = None) -> tuple[RoleDefinition, ...]:
    """Every role, built-in ones first."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.roles, {"role_id": role_id})
        found = [_role(row) for row in await cursor.fetchall()]
    # As the design has them: the built-in ones in their own order, then what administrators made, the oldest first.
    order = {known: number for number, known in enumerate(BUILT_IN_ROLE_BY_ID)}
    return tuple(sorted(found, key=lambda role: order.get(role.role_id, len(order))))


async def role(connection: Connection, role_id: str) -> RoleDefinition:
    """The role; raises ProblemError 404."""
    found = await roles(connection, role_id)
    if not found:
        raise ProblemError(Code.NOT_FOUND, "There is no such role.")
    return found[0]


def _role(row: dict[str, Any]) -> RoleDefinition:
    policy = ApprovalPolicy(
        approvers=row.pop("approvers"), from_roles=row.pop("approver_roles"), hours=row.pop("approval_hours")
    )
    return RoleDefinition(policy=policy, **row)


async def assignments(connection: Connection, **wanted: Any) -> list[RoleAssignment]:
    """Assignments, newest first, by any of the parameters of the statement."""
    async with connection.cursor(row_factory=class_row(RoleAssignment)) as cursor:
        await cursor.execute(queries.assignments, _ALL | wanted)
        return await cursor.fetchall()


async def assignment(connection: Connection, assignment_id: UUID) -> RoleAssignment:
    """The assignment; raises ProblemError 404."""
    found = await assignments(connection, assignment_id=assignment_id)
    if not found:
        raise ProblemError(Code.NOT_FOUND, "There is no such assignment.")
    return found[0]


async def holds(
    connection: Connection, user_id: str, *, permission: str | None = None, role_id: str | None = None
) -> bool:
    """Whether somebody has a permission, or a role, at this moment."""
    values = {"user_id": user_id, "permission": permission, "role_id": role_id}
    row = await (await connection.execute(queries.holds, values)).fetchone()
    return row is not None and bool(row[0])


async def holds_lasting_administration(connection: Connection, user_id: str, *, except_role: str) -> bool:
    """Whether somebody would still administer roles, without an end, were one of their roles gone."""
    values = {"user_id": user_id, "role_id": except_role}
    row = await (await connection.execute(queries.lasting_without, values)).fetchone()
    return row is not None and bool(row[0])
