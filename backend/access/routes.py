"""``/api/operations/rbac``: who may do what, and why. Specification: "RBAC Foundation", AC 1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Query, Request, Response

from backend.access import actions, reads
from backend.accounts import remove_second_factor as take_second_factor
from backend.approvals import OVERSEERS
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import operations_router
from backend.core.pages import Cursor, Limit, LongCursor, cut_page, decode_cursor
from backend.core.problems import ProblemError
from backend.core.rows import left_out, readable
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from models.access import (
    Approval,
    AssignRole,
    BreakGlass,
    Explanation,
    Person,
    RemoveSecondFactor,
    RevokeRole,
    RoleAssignment,
    RoleChange,
    RoleDefinition,
    RoleDraft,
)
from models.accounts import Me
from models.core.base import Identifier, UserId
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission, lacking_words
from models.core.problems import Code
from models.core.wording import initials

router = operations_router("/api/operations/rbac", "rbac")

STEP_UP = 300
"""Seconds a second factor opens what changes who may do what."""

Anybody = Annotated[Principal, require(None)]
Granter = Annotated[Principal, require(Permission.MANAGE_ROLES, step_up=STEP_UP)]
Who = Annotated[Identifier | None, Query(alias="userId")]


@router.get("/me")
async def me(http: Request, principal: Anybody) -> Me:
    """Who is signed in, with the permissions they have at this moment."""
    settings = http.app.state.settings
    kind = "issuer" if principal.kind == "oidc" else "set_up" if principal.second_factor else "none"
    return Me(
        user_id=principal.user_id,
        name=principal.name,
        initials=initials(principal.name),
        roles=principal.roles,
        role_names=principal.role_names,
        second_factor=kind,
        has_password=principal.has_password,
        permissions=tuple(sorted(principal.permissions)),
        environment=settings.environment,
        currency=settings.currency,
        as_of=datetime.now(UTC),  # not the database's: who is signed in is answered while it is away
    )


# --- roles ---------------------------------------------------------------------------------------------------------


@router.get("/roles")
async def list_roles(_principal: Anybody, connection: Read) -> Page[RoleDefinition]:
    """Every role with its permissions and how many hold it."""
    found = await reads.roles(connection)
    return Page[RoleDefinition](items=readable(found), left_out=left_out(found), as_of=await clock(connection))


@router.get("/roles/{role_id}")
async def get_role(role_id: Identifier, _principal: Anybody, connection: Read, response: Response) -> RoleDefinition:
    """One role; its version is the ETag."""
    role = await reads.role(connection, role_id)
    return with_etag(response, role)


@router.post("/roles", status_code=201)
async def create_role(request: RoleDraft, principal: Granter, tx: Tx, response: Response) -> RoleDefinition:
    """Store a new role, which nobody holds yet."""
    role = await actions.create_role(tx, actor=principal.user_id, request=request)
    return with_etag(response, role)


@router.patch("/roles/{role_id}", responses={202: {"model": Approval, "description": "Waits for approval."}})
async def change_role(
    role_id: Identifier, request: RoleChange, principal: Granter, tx: Tx, version: IfMatch, response: Response
) -> RoleDefinition | Approval:
    """Change a role for everybody who holds it; what gives a sensitive role more waits for approval (202)."""
    return _answer(
        response,
        await actions.change_role(tx, actor=principal.user_id, role_id=role_id, version=version, request=request),
    )


# --- assignments ---------------------------------------------------------------------------------------------------


@router.get("/assignments")
async def list_assignments(
    principal: Anybody,
    connection: Read,
    user_id: Who = None,
    role_id: Annotated[Identifier | None, Query(alias="roleId")] = None,
    active: Annotated[bool | None, Query(description="Only those that count now, or only those that do not.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[RoleAssignment]:
    """Who holds which role, newest first; those of others need oversight of roles or of the audit log."""
    granted_at, after = decode_cursor(cursor, datetime, UUID)
    if not principal.permissions & OVERSEERS:
        if user_id not in {None, principal.user_id}:
            raise _not_yours()
        user_id = principal.user_id
    found = await reads.assignments(
        connection,
        user_id=user_id,
        role_id=role_id,
        active=active,
        granted_at=granted_at,
        after=after,
        limit=limit + 1,
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.granted_at, last.assignment_id))
    return Page[RoleAssignment](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post(
    "/assign",
    status_code=201,
    responses={202: {"model": Approval, "description": "A sensitive role waits for approval."}},
)
async def assign(request: AssignRole, principal: Granter, tx: Tx, response: Response) -> RoleAssignment | Approval:
    """Grant a role, or change when a grant ends. A sensitive role waits for approval (202)."""
    return _answer(response, await actions.assign(tx, actor=principal.user_id, request=request))


@router.post("/revoke")
async def revoke(request: RevokeRole, principal: Granter, tx: Tx, response: Response) -> RoleAssignment:
    """Take a role away; it stops working at the next request."""
    ended = await actions.revoke(tx, actor=principal.user_id, request=request)
    return with_etag(response, ended)


@router.post("/break-glass", status_code=202)
async def break_glass(request: BreakGlass, principal: Granter, tx: Tx, response: Response) -> Approval:
    """Ask one other person to agree to a grant in an emergency; it ends by itself and is reviewed."""
    asked = await actions.break_glass(tx, actor=principal.user_id, request=request)
    return with_etag(response, asked)


# --- explanation, people --------------------------------------------------------------------------------------------


@router.get("/explain")
async def explain(
    principal: Anybody,
    connection: Read,
    user_id: Annotated[Identifier, Query(alias="userId")],
    permission: Permission,
) -> Explanation:
    """Through which role somebody may do something, granted by whom and when; or what is missing."""
    if user_id != principal.user_id and not principal.permissions & OVERSEERS:
        raise _not_yours()
    return await reads.explanation(connection, user_id, permission)


@router.get("/people")
async def list_people(
    principal: Anybody,
    connection: Read,
    text: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> Page[Person]:
    """Everybody who can sign in or holds a role, by name; needs oversight of roles or of the audit log."""
    if not principal.permissions & OVERSEERS:
        raise _not_yours()
    name, user_id = decode_cursor(cursor, str, str)
    found = await reads.people(connection, text=text, after=(name, user_id), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.name, last.user_id))
    return Page[Person](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/people/{user_id}/second-factor/remove", status_code=204)
async def remove_second_factor(user_id: UserId, request: RemoveSecondFactor, principal: Granter, tx: Tx) -> None:
    """Remove somebody's second factor, for instance with a lost telephone; they set up another at the next need."""
    await take_second_factor(tx, actor=principal.user_id, user_id=user_id, reason=request.reason)


T = TypeVar("T", RoleAssignment | Approval, RoleDefinition | Approval)


def _answer(response: Response, result: T) -> T:
    if isinstance(result, Approval):
        response.status_code = 202
    return with_etag(response, result)


def _not_yours() -> ProblemError:
    return ProblemError(
        Code.PERMISSION_MISSING,
        f"You see your own; that of others {lacking_words(Permission.VIEW_AUDIT)}.",
        permission=Permission.VIEW_AUDIT,
    )
