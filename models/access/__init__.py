"""Roles, who holds them, and what waits for a second pair of eyes. Specification: "RBAC Foundation"."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from models.core.base import (
    Count,
    Identifier,
    Instant,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    UserId,
    Version,
    plain_integer,
)
from models.core.permissions import Permission

BREAK_GLASS_MINUTES = 240
"""Longest life of a break-glass grant."""

RoleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60, examples=["operations-lead"])]
RoleName = Annotated[PlainText, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")]
Approvers = Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=5)]
Hours = Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=168)]
Minutes = Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=BREAK_GLASS_MINUTES)]


class ApprovalPolicy(Request):
    """Who must agree to a grant of a sensitive role: never the one who asks, never the one who gains."""

    approvers: Approvers = 1
    """How many different people."""
    from_roles: Annotated[tuple[RoleId, ...], Field(max_length=5)] = ()
    """Each of these roles must be held by one of them."""
    hours: Hours = 24
    """After so long without a decision it lapses."""


class RoleDraft(Request):
    """A new role."""

    role_id: RoleId
    name: RoleName
    description: Text = ""
    permissions: Annotated[tuple[Permission, ...], Field(max_length=100)]
    sensitive: bool = False
    """Must be true when a permission is sensitive by itself."""
    policy: ApprovalPolicy = ApprovalPolicy()
    """Used when sensitive."""


class RoleChange(Request):
    """A change of a role; what is left out stays. Needs ``If-Match``."""

    name: RoleName | None = None
    description: Text | None = None
    permissions: Annotated[tuple[Permission, ...], Field(max_length=100)] | None = None
    sensitive: bool | None = None
    policy: ApprovalPolicy | None = None
    reason: Text = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = self.model_fields_set - {"reason"}
        if not given or any(getattr(self, name) is None for name in given):
            raise ValueError("name at least one field to change; none of them may be null")
        return self


class RoleDefinition(Record):
    """RoleDefinition of the specification."""

    role_id: Identifier
    name: str
    description: str
    permissions: tuple[str, ...]
    sensitive: bool
    """A grant of it needs approval."""
    service: bool
    """For machines; not granted to people."""
    built_in: bool
    policy: ApprovalPolicy
    people: Count
    """How many hold it now."""
    created_at: Instant
    updated_at: Instant
    updated_by: str
    version: Version


class AssignmentState(StrEnum):
    """Whether an assignment counts."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class RoleAssignment(Record):
    """RoleAssignment of the specification, with the names people know."""

    assignment_id: Identifier
    user_id: str
    user_name: str
    role_id: Identifier
    role_name: str
    granted_by: str
    granted_by_name: str
    granted_at: Instant
    expires_at: Instant | None = None
    reason: str | None = None
    approved_by: tuple[str, ...] = ()
    """Names of those who agreed."""
    break_glass: bool = False
    state: AssignmentState
    revoked_at: Instant | None = None
    revoked_by_name: str | None = None
    revoke_reason: str | None = None
    version: Version


class AssignRole(Request):
    """``POST /api/operations/rbac/assign``. A sensitive role needs a reason."""

    user_id: UserId
    role_id: RoleId
    expires_at: Instant | None = None
    reason: Text = ""


class RevokeRole(Request):
    """``POST /api/operations/rbac/revoke``."""

    user_id: UserId
    role_id: RoleId
    reason: Text = ""


class BreakGlass(Request):
    """A grant in an emergency: one approver whatever the policy, four hours at most, always reviewed."""

    user_id: UserId
    role_id: RoleId
    minutes: Minutes
    reason: RequiredText


class ApprovalState(StrEnum):
    """Where an approval stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What an approver says."""

    APPROVE = "approve"
    DENY = "deny"


class Vote(Record):
    """One approver's verdict."""

    voter: str
    voter_name: str
    verdict: Verdict
    reason: str
    roles: tuple[str, ...]
    """Roles they held at that moment."""
    voted_at: Instant


class Approval(Record):
    """Something that waits, or waited, for somebody else's yes."""

    approval_id: Identifier
    kind: str
    """``rbac.grant``, ``rbac.break_glass``, ``rbac.role_change``, ``risk.policy``, ``risk.allow``, ``risk.snooze``;
    others may come."""
    title: str
    subject_type: str
    subject_id: str
    gainer: str | None
    gainer_name: str | None
    details: dict[str, Any]
    """What is asked for, by ids. Nothing of a customer: whoever decides looks the record up."""
    reason: str
    permission: str
    """Needed to decide."""
    needs: Count
    from_roles: tuple[str, ...]
    requested_by: str
    requested_by_name: str
    requested_at: Instant
    ends_at: Instant
    state: ApprovalState
    decided_at: Instant | None = None
    votes: tuple[Vote, ...] = ()
    objection: str | None = None
    """Why the asking principal may not decide; ``None`` when they may."""
    version: Version


class ApprovalDecision(Request):
    """Approve or deny. Needs ``If-Match``; a denial needs a reason."""

    decision: Verdict
    reason: Text = ""

    @model_validator(mode="after")
    def _denial_says_why(self) -> Self:
        if self.decision is Verdict.DENY and not self.reason.strip():
            raise ValueError("a denial needs a reason")
        return self


class Withdraw(Request):
    """Take back what one asked for. Needs ``If-Match``."""

    reason: Text = ""


class AccessReview(Record):
    """What must be looked at after a break-glass grant."""

    review_id: Identifier
    assignment: RoleAssignment
    opened_at: Instant
    closed_at: Instant | None = None
    closed_by_name: str | None = None
    findings: str | None = None
    version: Version


class RemoveSecondFactor(Request):
    """Remove somebody's second factor; the reason says how one knows that it is they who ask."""

    reason: RequiredText


class CloseReview(Request):
    """Close a review with what was found. Needs ``If-Match``."""

    findings: RequiredText


class GrantingRole(Record):
    """A role through which somebody has a permission."""

    role_id: str
    role_name: str
    granted_by_name: str
    granted_at: Instant
    expires_at: Instant | None
    approved_by: tuple[str, ...]
    break_glass: bool


class Explanation(Record):
    """Why somebody may do something, or what is missing. ``GET /api/operations/rbac/explain``."""

    user_id: str
    user_name: str
    permission: Permission
    allowed: bool
    through: tuple[GrantingRole, ...]
    summary: str
    """One sentence."""
    roles_with_it: tuple[str, ...]
    """Names of roles that would give it."""
    as_of: Instant


class Person(Record):
    """Somebody who can sign in, or holds a role."""

    user_id: str
    name: str
    initials: str
    kind: Literal["account", "oidc"]
    disabled: bool
    second_factor: bool
    """Set up here; for people of an outside issuer it is the issuer's business."""
    role_names: tuple[str, ...]
    last_seen: Instant | None


class UnusedPermissions(Record):
    """Permissions of an assignment nobody used for 90 days: the least-privilege hint."""

    user_id: str
    user_name: str
    role_id: Identifier
    role_name: str
    permissions: tuple[str, ...]
    since: Instant
    """Granted, or last used."""


class DifferenceKind(StrEnum):
    """How an outside system and the assignments here differ."""

    ONLY_OUTSIDE = "only_outside"
    ONLY_HERE = "only_here"
    UNKNOWN_ROLE = "unknown_role"


class AccessDifference(Record):
    """One difference."""

    difference_id: Identifier
    system: str
    user_id: str
    user_name: str
    outside_role: str
    role_name: str | None
    kind: DifferenceKind
    first_seen: Instant
    last_seen: Instant


class AccessReport(Record):
    """The newest report of an outside system."""

    system: str
    read_at: Instant
    entries: Count
    problem: str | None
    """Why it could not be read; the differences are then those of the report before."""


class AccessDrift(Record):
    """Reports and open differences of every outside system."""

    reports: tuple[AccessReport, ...]
    differences: tuple[AccessDifference, ...]
    left_out: Count = 0
    """Those of either that cannot be read; the log of the server names them."""
    as_of: Instant
