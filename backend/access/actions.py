"""Everything that changes roles and who holds them. Specification: "RBAC Foundation".

Grants of sensitive roles, and changes of them, wait for others (``backend.approvals``); everything else is at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend import approvals
from backend.access import reads
from backend.access.break_glass.actions import open_review
from backend.access.duties import keep_duties_apart, keep_holders_duties_apart
from backend.approvals import ApprovalKind
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database, load_queries
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.settings import Settings
from models.access import (
    Approval,
    ApprovalPolicy,
    AssignRole,
    BreakGlass,
    RevokeRole,
    RoleAssignment,
    RoleChange,
    RoleDefinition,
    RoleDraft,
)
from models.core.permissions import SENSITIVE_PERMISSIONS, Permission, both_words, together
from models.core.problems import Code

queries = load_queries(__package__)

ROLE_VERSION = "roleVersion"
BREAK_GLASS_WAIT = 60
"""Minutes a break-glass grant waits for its one approver."""


# --- grants --------------------------------------------------------------------------------------------------------


async def assign(tx: Connection, *, actor: str, request: AssignRole) -> RoleAssignment | Approval:
    """Grant a role, or change when a grant ends; a sensitive role, and any to oneself, waits for approval instead.

    The same grant again changes nothing. Raises ProblemError 422 for a wrong person, role or instant, and 409 when the
    same role is asked for differently.
    """
    role = await _grantable(tx, request.role_id)
    name = await _known_person(tx, request.user_id)
    now = await clock(tx)
    if request.expires_at is not None and request.expires_at <= now:
        raise invalid("/expiresAt", "the end of a grant lies ahead")
    current = await _current(tx, request.user_id, request.role_id, now)
    if current is not None and current.expires_at == request.expires_at and not current.break_glass:
        audit_trail.nothing_changed()
        return current
    await _keep_an_administrator(tx, role, ending=current if request.expires_at is not None else None)
    shorter = current is not None and request.expires_at is not None and _ends(current) > request.expires_at
    await keep_duties_apart(tx, request.user_id, role)
    if shorter or not (role.sensitive or request.user_id == actor):
        return await _write_grant(tx, actor=actor, request=request, approved_by=())
    if not request.reason.strip():
        raise invalid("/reason", "what waits for approval needs a reason: those who approve read it")
    return await approvals.ask(
        tx,
        actor=actor,
        kind=GRANT.name,
        title=f"Give {role.name} to {name}",
        subject_type="role_grant",
        subject_id=f"{request.user_id} {request.role_id}",
        gainer=request.user_id,
        details=_details(request, role),
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=role.policy.approvers,
        from_roles=role.policy.from_roles,
        minutes=role.policy.hours * 60,
    )


async def break_glass(tx: Connection, *, actor: str, request: BreakGlass) -> Approval:
    """Ask one other person to agree to a grant that ends by itself, whatever the role's policy.

    Raises ProblemError 422, or 409 when the person holds the role already.
    """
    role = await _grantable(tx, request.role_id)
    name = await _known_person(tx, request.user_id)
    if await _current(tx, request.user_id, request.role_id, await clock(tx)) is not None:
        raise ProblemError(Code.CONFLICT, f"{name} holds {role.name} already.")
    return await approvals.ask(
        tx,
        actor=actor,
        kind=BREAK_GLASS.name,
        title=f"Break glass: give {role.name} to {name} for {request.minutes} min",
        subject_type="role_grant",
        subject_id=f"{request.user_id} {request.role_id}",
        gainer=request.user_id,
        details=_details(request, role),
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=BREAK_GLASS_WAIT,
    )


async def revoke(tx: Connection, *, actor: str, request: RevokeRole) -> RoleAssignment:
    """Take a role away; it stops working at the next request. Not held: 404. The last administrator's: 409."""
    role = await reads.role(tx, request.role_id)
    now = await clock(tx)
    current = await _current(tx, request.user_id, request.role_id, now)
    if current is None:
        raise ProblemError(Code.NOT_FOUND, f"They do not hold {role.name}.")
    await _keep_an_administrator(tx, role, ending=current)
    return await _end(tx, current, at=now, actor=actor, reason=request.reason or None, action="revoked")


_aside = SetAside("ends of grants")


async def end_expired(database: Database, _settings: Settings) -> None:
    """Note grants whose time has passed; they stopped working at their instant, noted or not."""
    async with database.transaction() as tx:
        rows = await (await tx.execute(queries.ended)).fetchall()
        await _aside.each(tx, rows, lambda row: _note_expiry(tx, row[0], row[1]), key=lambda row: row[0])


async def _note_expiry(tx: Connection, assignment_id: UUID, expires_at: datetime) -> None:
    before = await reads.assignment(tx, assignment_id)
    await _end(tx, before, at=expires_at, actor=audit_trail.WORKER, reason="its time has passed", action="expired")


async def _current(tx: Connection, user_id: str, role_id: str, now: datetime) -> RoleAssignment | None:
    """The live assignment, locked; one whose time has passed is closed on the way, so that another may begin."""
    row = await (await tx.execute(queries.lock_current, {"user_id": user_id, "role_id": role_id})).fetchone()
    if row is None:
        return None
    if row[1] is not None and row[1] <= now:
        await _note_expiry(tx, row[0], row[1])
        return None
    return await reads.assignment(tx, row[0])


async def _write_grant(
    tx: Connection, *, actor: str, request: AssignRole, approved_by: tuple[str, ...], minutes: int | None = None
) -> RoleAssignment:
    now = await clock(tx)
    before = await _current(tx, request.user_id, request.role_id, now)
    values = request.model_dump() | {
        "actor": actor,
        "reason": request.reason or None,
        "approved_by": list(approved_by),
        "break_glass": minutes is not None,
    }
    if minutes is not None:
        values["expires_at"] = now + timedelta(minutes=minutes)
    if before is not None:
        await tx.execute(queries.prolong, values | {"assignment_id": before.assignment_id})
        after = await reads.assignment(tx, UUID(before.assignment_id))
    else:
        row = await (await tx.execute(queries.assign, values)).fetchone()
        assert row is not None  # noqa: S101 - an insert of one row returns one row
        after = await reads.assignment(tx, row[0])
    await audit_trail.record(
        tx,
        actor=actor,
        action="rbac.role.assigned" if before is None else "rbac.role.end_changed",
        resource_type="role_assignment",
        resource_id=after.assignment_id,
        label=f"{after.role_name} of {after.user_name}",
        version=after.version,
        before=None if before is None else audit_snapshot(before),
        after=audit_snapshot(after),
        reason=after.reason,
    )
    return after


async def _end(
    tx: Connection, before: RoleAssignment, *, at: datetime, actor: str, reason: str | None, action: str
) -> RoleAssignment:
    await tx.execute(
        queries.revoke, {"assignment_id": before.assignment_id, "at": at, "actor": actor, "reason": reason}
    )
    after = await reads.assignment(tx, UUID(before.assignment_id))
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"rbac.role.{action}",
        resource_type="role_assignment",
        resource_id=after.assignment_id,
        label=f"{after.role_name} of {after.user_name}",
        version=after.version,
        before=audit_snapshot(before),
        after=audit_snapshot(after),
        reason=reason,
    )
    return after


async def _apply_grant(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    request = AssignRole.model_validate(_asked(approval))
    await _still_valid(tx, approval, request.role_id)
    if request.expires_at is not None and request.expires_at <= await clock(tx):
        raise ProblemError(Code.CONFLICT, "The grant would have ended already; deny it and ask again.")
    voters = tuple(vote.voter for vote in approval.votes)
    return audit_snapshot(await _write_grant(tx, actor=approval.requested_by, request=request, approved_by=voters))


async def _apply_break_glass(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    request = BreakGlass.model_validate(_asked(approval))
    await _still_valid(tx, approval, request.role_id)
    now = await clock(tx)
    if await _current(tx, request.user_id, request.role_id, now) is not None:
        raise ProblemError(Code.CONFLICT, f"{approval.gainer_name} holds the role by now; deny this.")
    after = await _write_grant(
        tx,
        actor=approval.requested_by,
        request=AssignRole(user_id=request.user_id, role_id=request.role_id, reason=request.reason),
        approved_by=tuple(vote.voter for vote in approval.votes),
        minutes=request.minutes,
    )
    await open_review(tx, after)
    return audit_snapshot(after)


def _details(request: AssignRole | BreakGlass, role: RoleDefinition) -> dict[str, Any]:
    """What is asked for, and of which version of the role: nobody agrees to what is put into it afterwards."""
    return request.model_dump(mode="json", by_alias=True) | {ROLE_VERSION: role.version}


def _asked(approval: Approval) -> dict[str, Any]:
    return {name: value for name, value in approval.details.items() if name != ROLE_VERSION}


async def _still_valid(tx: Connection, approval: Approval, role_id: str) -> None:
    """Between asking and agreeing roles change and people leave."""
    await tx.execute(queries.lock_role, {"role_id": role_id})
    role = await _grantable(tx, role_id)
    if approval.details.get(ROLE_VERSION, role.version) != role.version:
        raise ProblemError(Code.CONFLICT, f"{role.name} was changed meanwhile; deny this and ask again.")
    if approval.gainer is not None:
        await keep_duties_apart(tx, approval.gainer, role)
    if not await reads.holds(tx, approval.requested_by, permission=Permission.MANAGE_ROLES):
        raise ProblemError(
            Code.CONFLICT,
            f"{approval.requested_by_name}, who asked for it, may not grant roles any more; deny it.",
        )


async def _grantable(tx: Connection, role_id: str) -> RoleDefinition:
    try:
        role = await reads.role(tx, role_id)
    except ProblemError:
        raise invalid("/roleId", f"there is no role {role_id}") from None
    if role.service:
        raise invalid("/roleId", f"{role.name} is for machines; their accounts are made on the command line")
    return role


async def _known_person(tx: Connection, user_id: str) -> str:
    row = await (await tx.execute(queries.person, {"user_id": user_id})).fetchone()
    if row is None:
        raise invalid("/userId", "nobody of this name has an account or has signed in yet")
    if row[2]:
        raise invalid("/userId", f"the account of {row[1]} is disabled")
    return str(row[1])


def _ends(assignment: RoleAssignment) -> datetime:
    return assignment.expires_at or datetime.max.replace(tzinfo=UTC)


async def _keep_an_administrator(tx: Connection, role: RoleDefinition, *, ending: RoleAssignment | None) -> None:
    """Somebody who may grant roles must remain, without an end. Raises ProblemError 409."""
    if ending is None or Permission.MANAGE_ROLES not in role.permissions or ending.expires_at is not None:
        return
    await tx.execute(queries.one_at_a_time)
    row = await (await tx.execute(queries.lasting_administrators)).fetchone()
    others = await reads.holds_lasting_administration(tx, ending.user_id, except_role=role.role_id)
    if row is not None and row[0] <= 1 and not others:
        raise _last_administrator()


def _last_administrator() -> ProblemError:
    return ProblemError(
        Code.CONFLICT, "This is the last administrator without an end; make somebody else one first, then try again."
    )


# --- role definitions ----------------------------------------------------------------------------------------------


async def create_role(tx: Connection, *, actor: str, request: RoleDraft) -> RoleDefinition:
    """Store a new role, which nobody holds yet. An id or name that is taken: 409. Not sensitive enough: 422."""
    values = await _validate_role(
        tx, request.role_id, request.name, request.permissions, request.policy, sensitive=request.sensitive
    )
    row = await (
        await tx.execute(
            queries.insert_role,
            values | {"description": request.description, "actor": actor, "role_id": request.role_id},
        )
    ).fetchone()
    if row is None:
        raise ProblemError(Code.CONFLICT, f"There is a role {request.role_id} already.")
    role = await reads.role(tx, request.role_id)
    await audit_trail.record(
        tx,
        actor=actor,
        action="rbac.role.created",
        resource_type="role",
        resource_id=role.role_id,
        label=role.name,
        version=1,
        after=audit_snapshot(role),
    )
    return role


async def change_role(
    tx: Connection, *, actor: str, role_id: str, version: int, request: RoleChange
) -> RoleDefinition | Approval:
    """Change the named fields of a role, for everybody who holds it.

    What gives a sensitive role more permissions or an easier policy waits for approval. Stale: 412.
    """
    await tx.execute(queries.lock_role, {"role_id": role_id})
    before = await reads.role(tx, role_id)
    same_version(before.version, version)
    wanted = _merge_change(before, request)
    if wanted == before:
        audit_trail.nothing_changed()
        return before
    await _validate_role(tx, role_id, wanted.name, wanted.permissions, wanted.policy, sensitive=wanted.sensitive)
    more = set(wanted.permissions) - set(before.permissions)
    if more:
        await keep_holders_duties_apart(tx, before, wanted)
    # More for a role of one's own is more for oneself.
    gains = bool(more) and await reads.holds(tx, actor, role_id=role_id)
    sensitive = before.sensitive or wanted.sensitive or gains
    easier = before.sensitive and (not wanted.sensitive or wanted.policy != before.policy)
    if not sensitive or not (more or easier):
        return await _write_role(tx, actor=actor, before=before, wanted=wanted, reason=request.reason)
    if not request.reason.strip():
        raise invalid("/reason", "a change that waits for approval needs a reason: those who approve read it")
    policy = before.policy if before.sensitive else wanted.policy
    return await approvals.ask(
        tx,
        actor=actor,
        kind=ROLE_CHANGE.name,
        title=f"Change the role {before.name}",
        subject_type="role",
        subject_id=role_id,
        gainer=None,
        details={
            "version": before.version,
            "change": request.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "adds": sorted(more),
            "removes": sorted(set(before.permissions) - set(wanted.permissions)),
        },
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=policy.approvers,
        from_roles=policy.from_roles,
        minutes=policy.hours * 60,
    )


async def _apply_role_change(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    await tx.execute(queries.lock_role, {"role_id": approval.subject_id})
    before = await reads.role(tx, approval.subject_id)
    if before.version != approval.details["version"]:
        raise ProblemError(Code.CONFLICT, "The role was changed meanwhile; deny this and ask again.")
    if not await reads.holds(tx, approval.requested_by, permission=Permission.MANAGE_ROLES):
        raise ProblemError(Code.CONFLICT, f"{approval.requested_by_name} may not change roles any more; deny it.")
    change = RoleChange.model_validate(approval.details["change"])
    after = await _write_role(
        tx, actor=approval.requested_by, before=before, wanted=_merge_change(before, change), reason=approval.reason
    )
    return audit_snapshot(after)


async def _holders_gain(tx: Connection, approval: Approval, voter: str) -> str | None:
    if approval.details["adds"] and await reads.holds(tx, voter, role_id=approval.subject_id):
        return "you hold this role and would gain by the change"
    return None


async def _write_role(
    tx: Connection, *, actor: str, before: RoleDefinition, wanted: RoleDefinition, reason: str
) -> RoleDefinition:
    if set(wanted.permissions) - set(before.permissions):
        await keep_holders_duties_apart(tx, before, wanted)
    loses_administration = Permission.MANAGE_ROLES in set(before.permissions) - set(wanted.permissions)
    if loses_administration:
        await tx.execute(queries.one_at_a_time)
    policy = wanted.policy
    await tx.execute(
        queries.update_role,
        {
            "role_id": before.role_id,
            "name": wanted.name,
            "description": wanted.description,
            "permissions": list(wanted.permissions),
            "sensitive": wanted.sensitive,
            "approvers": policy.approvers if wanted.sensitive else 0,
            "approver_roles": list(policy.from_roles) if wanted.sensitive else [],
            "approval_hours": policy.hours,
            "actor": actor,
        },
    )
    if loses_administration:
        row = await (await tx.execute(queries.lasting_administrators)).fetchone()
        if row is None or row[0] == 0:
            raise _last_administrator()
    after = await reads.role(tx, before.role_id)
    await audit_trail.record(
        tx,
        actor=actor,
        action="rbac.role.changed",
        resource_type="role",
        resource_id=after.role_id,
        label=after.name,
        version=after.version,
        before=audit_snapshot(before),
        after=audit_snapshot(after),
        reason=reason or None,
    )
    return after


def _merge_change(before: RoleDefinition, request: RoleChange) -> RoleDefinition:
    wanted = {name: getattr(request, name) for name in request.model_fields_set - {"reason"}}
    if "permissions" in wanted:
        wanted["permissions"] = tuple(sorted(set(wanted["permissions"])))
    return before.model_copy(update=wanted)


async def _validate_role(
    tx: Connection,
    role_id: str,
    name: str,
    permissions: tuple[str, ...],
    policy: ApprovalPolicy,
    *,
    sensitive: bool,
) -> dict[str, Any]:
    dangerous = sorted(SENSITIVE_PERMISSIONS & set(permissions))
    if dangerous and not sensitive:
        raise invalid("/sensitive", f"a role with {', '.join(dangerous)} is sensitive: grants of it need approval")
    if (pair := together(permissions)) is not None:
        raise invalid("/permissions", f"with this role one person could {both_words(pair)}: make two roles of it")
    clash = await (await tx.execute(queries.name_taken, {"name": name, "role_id": role_id})).fetchone()
    if clash is not None:
        raise ProblemError(Code.CONFLICT, f"The role {clash[0]} is called {name} already.")
    known = {
        row[0] for row in await (await tx.execute(queries.known_roles, {"ids": list(policy.from_roles)})).fetchall()
    }
    if unknown := [role for role in policy.from_roles if role not in known]:
        raise invalid("/policy/fromRoles", f"there is no role {unknown[0]}")
    return {
        "name": name,
        "permissions": sorted(set(permissions)),
        "sensitive": sensitive,
        "approvers": policy.approvers if sensitive else 0,
        "approver_roles": list(policy.from_roles) if sensitive else [],
        "approval_hours": policy.hours,
    }


def audit_snapshot(record: RoleAssignment | RoleDefinition) -> dict[str, Any]:
    """A record as the audit log keeps it. How many hold a role is no part of the role."""
    return record.model_dump(mode="json", by_alias=True, exclude={"people"})


GRANT = ApprovalKind("rbac.grant", _apply_grant)
BREAK_GLASS = ApprovalKind("rbac.break_glass", _apply_break_glass)
ROLE_CHANGE = ApprovalKind("rbac.role_change", _apply_role_change, _holders_gain)
