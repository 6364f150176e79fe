"""What others ask about roles and their holders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.clock import clock
from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.core.search import escape_like
from models.access import ApprovalPolicy, Explanation, GrantingRole, Person, RoleAssignment, RoleDefinition
from models.core.normal_form import visible
from models.core.permissions import BUILT_IN_ROLE_BY_ID, Permission
from models.core.wording import initials

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


async def roles(connection: Connection, role_id: str | None = None) -> list[RoleDefinition | Unreadable]:
    """Every role, built-in ones first."""
    async with connection.cursor(row_factory=lenient_row(_role)) as cursor:
        await cursor.execute(queries.roles, {"role_id": role_id})
        found = await cursor.fetchall()
    # As the design has them: the built-in ones in their own order, then what administrators made, the oldest first.
    order = {known: number for number, known in enumerate(BUILT_IN_ROLE_BY_ID)}
    return sorted(found, key=lambda role: order.get(role.role_id, len(order)))


async def role(connection: Connection, role_id: str) -> RoleDefinition:
    """The role; raises ProblemError 404."""
    return the_one(await roles(connection, role_id), "There is no such role.")


def _role(*, approvers: int, approver_roles: list[str], approval_hours: int, **row: Any) -> RoleDefinition:
    policy = ApprovalPolicy(approvers=approvers, from_roles=tuple(approver_roles), hours=approval_hours)
    return RoleDefinition(policy=policy, **row)


async def assignments(connection: Connection, **wanted: Any) -> list[RoleAssignment | Unreadable]:
    """Assignments, newest first, by any of the parameters of the statement."""
    async with connection.cursor(row_factory=lenient_row(RoleAssignment)) as cursor:
        await cursor.execute(queries.assignments, _ALL | wanted)
        return await cursor.fetchall()


async def assignment(connection: Connection, assignment_id: UUID) -> RoleAssignment:
    """The assignment; raises ProblemError 404."""
    return the_one(await assignments(connection, assignment_id=assignment_id), "There is no such assignment.")


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


async def people(
    connection: Connection, *, text: str | None, after: tuple[str | None, str | None], limit: int
) -> list[Person | Unreadable]:
    """Everybody who can sign in or holds a role, by name; ``text`` is part of name or id, ``after`` both of them."""
    pattern = f"%{escape_like(visible(text))}%" if text else None
    async with connection.cursor(row_factory=lenient_row(_person)) as cursor:
        values = {"text": pattern, "after": after[0], "after_id": after[1], "limit": limit}
        await cursor.execute(queries.people, values)
        return await cursor.fetchall()


def _person(*, name: str, **row: Any) -> Person:
    return Person(name=name, initials=initials(name), **row)


async def explanation(connection: Connection, user_id: str, permission: Permission) -> Explanation:
    """Through which role somebody may do something, granted by whom and when; or what is missing."""
    person = await (await connection.execute(queries.person, {"user_id": user_id})).fetchone()
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.explain, {"user_id": user_id, "permission": permission})
        rows = await cursor.fetchall()
        await cursor.execute(queries.roles_with, {"permission": permission})
        givers = tuple(row["name"] for row in await cursor.fetchall())
    name = user_id if person is None else str(person[1])
    active = tuple(GrantingRole.model_validate(row) for row in rows if row["active"])
    disabled = person is not None and bool(person[2])
    return Explanation(
        user_id=user_id,
        user_name=name,
        permission=permission,
        allowed=bool(active) and not disabled,
        through=active,
        summary=_summary(name, permission, active, rows, givers, disabled=disabled),
        roles_with_it=givers,
        as_of=await clock(connection),
    )


def _summary(
    name: str,
    permission: Permission,
    active: tuple[GrantingRole, ...],
    rows: list[dict[str, object]],
    givers: tuple[str, ...],
    *,
    disabled: bool,
) -> str:
    if active and disabled:
        return f"{name} holds {active[0].role_name}, but the account is disabled."
    if active:
        first = active[0]
        until = f" until {first.expires_at:%Y-%m-%d %H:%M} UTC" if first.expires_at else ""
        return (
            f"{name} may, as {first.role_name}, granted by {first.granted_by_name} on "
            f"{first.granted_at:%Y-%m-%d %H:%M} UTC{until}."
        )
    has = f"any of these roles: {', '.join(givers)}" if givers else "a role that has it; none does yet"
    if rows:
        last = rows[-1]
        ended = f"was revoked by {last['revoked_by_name']}" if last["revoked_at"] else "has ended"
        return f"{name} may not: their role {last['role_name']} {ended}. It takes {has}."
    return f"{name} may not: {permission} takes {has}."
