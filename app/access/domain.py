"""What an operator sees and does about roles: queries, and mutations that are never kept for later.

Who may do what is too important to be decided on an old picture: every one of these needs the link.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.mutation import Mutations
    from app.core.query import Query
    from models.access import (
        AccessDrift,
        AccessReview,
        Approval,
        Person,
        RoleAssignment,
        RoleChange,
        RoleDefinition,
        RoleDraft,
        UnusedPermissions,
    )

BASE = "/api/operations/rbac"
MANAGE, APPROVE, VIEW = Permission.MANAGE_ROLES, Permission.APPROVE_ROLES, Permission.VIEW_AUDIT

GRANTS = frozenset({Topic.ASSIGNMENTS, Topic.APPROVALS, Topic.PEOPLE})


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return tuple(
        MutationSpec(name, topics, irreversible=True)
        for name, topics in (
            ("rbac.assign", GRANTS),
            ("rbac.revoke", GRANTS),
            ("rbac.break_glass", GRANTS),
            ("rbac.decide", GRANTS | {Topic.ROLES, Topic.REVIEWS}),
            ("rbac.withdraw", frozenset({Topic.APPROVALS})),
            ("rbac.role_create", frozenset({Topic.ROLES})),
            ("rbac.role_change", frozenset({Topic.ROLES, Topic.APPROVALS})),
            ("rbac.review_close", frozenset({Topic.REVIEWS})),
            ("rbac.second_factor_remove", frozenset({Topic.PEOPLE})),
        )
    )


class Access:
    """Queries of one console about roles and their holders."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def roles(self) -> Query[tuple[RoleDefinition, ...]]:
        """Every role."""
        from app.access import requests
        from models.access import RoleDefinition

        topics = frozenset({Topic.ROLES, Topic.ASSIGNMENTS})
        return self._engine.listing("roles", topics, requests.roles, keep=lambda: tuple[RoleDefinition, ...])

    def assignments(self, *, active: bool = True) -> Query[tuple[RoleAssignment, ...]]:
        """The grants that count now, or the last of those that do not any more."""
        from app.access import requests
        from models.access import RoleAssignment

        return self._engine.listing(
            f"assignments:{'true' if active else 'false'}",
            frozenset({Topic.ASSIGNMENTS, Topic.ROLES}),
            lambda client: requests.assignments(client, active=active),
            keep=lambda: tuple[RoleAssignment, ...],
        )

    def approvals(self) -> Query[tuple[Approval, ...]]:
        """What waits for approval."""
        from app.access import requests
        from models.access import Approval

        topics = frozenset({Topic.APPROVALS, Topic.ASSIGNMENTS})
        return self._engine.listing("approvals", topics, requests.pending_approvals, keep=lambda: tuple[Approval, ...])

    def reviews(self) -> Query[tuple[AccessReview, ...]]:
        """Break-glass access to be looked at."""
        from app.access import requests
        from models.access import AccessReview

        topics = frozenset({Topic.REVIEWS})
        return self._engine.listing("reviews", topics, requests.open_reviews, keep=lambda: tuple[AccessReview, ...])

    def people(self) -> Query[tuple[Person, ...]]:
        """Everybody who can sign in or holds a role."""
        from app.access import requests
        from models.access import Person

        topics = frozenset({Topic.PEOPLE, Topic.ASSIGNMENTS})
        return self._engine.listing("people", topics, requests.people, keep=lambda: tuple[Person, ...])

    def hints(self) -> Query[tuple[UnusedPermissions, ...]]:
        """Permissions nobody used for 90 days."""
        from app.access import requests
        from models.access import UnusedPermissions

        topics = frozenset({Topic.ASSIGNMENTS, Topic.ROLES})
        return self._engine.listing("hints", topics, requests.hints, keep=lambda: tuple[UnusedPermissions, ...])

    def drift(self) -> Query[AccessDrift]:
        """Where outside systems differ."""
        from app.access import requests
        from models.access import AccessDrift

        return self._engine.record("drift", frozenset({Topic.DRIFT}), requests.drift, keep=lambda: AccessDrift)


async def assign(
    mutations: Mutations, person: str, name: str, role: RoleDefinition, ends: datetime | None, reason: str
) -> Outcome:
    """Grant a role; a sensitive one waits for approval. Raises OperationsError."""
    from models.access import AssignRole

    given: dict[str, Any] = {"user_id": person, "role_id": role.role_id, "reason": reason}
    if ends is not None:
        given["expires_at"] = ends
    words = f"Grant: {role.name} for {name}"
    return await mutations.submit(MutationRequest("rbac.assign", words, "POST", f"{BASE}/assign", AssignRole(**given)))


async def revoke(mutations: Mutations, assignment: RoleAssignment, reason: str) -> Outcome:
    """Take a role away. Raises OperationsError."""
    from models.access import RevokeRole

    body = RevokeRole(user_id=assignment.user_id, role_id=assignment.role_id, reason=reason)
    words = f"Taken away: {assignment.role_name} of {assignment.user_name}"
    return await mutations.submit(MutationRequest("rbac.revoke", words, "POST", f"{BASE}/revoke", body))


async def break_glass(
    mutations: Mutations, person: str, name: str, role: RoleDefinition, minutes: int, reason: str
) -> Outcome:
    """Ask for a role in an emergency. Raises OperationsError."""
    from models.access import BreakGlass

    body = BreakGlass(user_id=person, role_id=role.role_id, minutes=minutes, reason=reason)
    words = f"Break glass: {role.name} for {name}, {minutes} min"
    return await mutations.submit(MutationRequest("rbac.break_glass", words, "POST", f"{BASE}/break-glass", body))


async def decide(mutations: Mutations, approval: Approval, *, approve: bool, reason: str) -> Outcome:
    """Approve or deny. Raises OperationsError."""
    from models.access import ApprovalDecision, Verdict

    body = ApprovalDecision(decision=Verdict.APPROVE if approve else Verdict.DENY, reason=reason)
    path = f"{BASE}/approvals/{approval.approval_id}"
    words = f"{'Approved' if approve else 'Denied'}: {approval.title}"
    return await mutations.submit(
        MutationRequest(
            "rbac.decide",
            words,
            "POST",
            f"{path}/decision",
            body,
            version=approval.version,
            resource=f"approval:{approval.approval_id}",
            record=path,
            base=approval,
        )
    )


async def withdraw(mutations: Mutations, approval: Approval) -> Outcome:
    """Take back what one asked for. Raises OperationsError."""
    from models.access import Withdraw

    path = f"{BASE}/approvals/{approval.approval_id}"
    return await mutations.submit(
        MutationRequest(
            "rbac.withdraw",
            f"Withdrawal: {approval.title}",
            "POST",
            f"{path}/withdraw",
            Withdraw(),
            version=approval.version,
            resource=f"approval:{approval.approval_id}",
            record=path,
            base=approval,
        )
    )


async def create_role(mutations: Mutations, draft: RoleDraft) -> Outcome:
    """Store a new role. Raises OperationsError."""
    return await mutations.submit(
        MutationRequest("rbac.role_create", f"New role: {draft.name}", "POST", f"{BASE}/roles", draft)
    )


async def change_role(mutations: Mutations, role: RoleDefinition, change: RoleChange) -> Outcome:
    """Change a role for everybody who holds it. Raises OperationsError."""
    path = f"{BASE}/roles/{role.role_id}"
    return await mutations.submit(
        MutationRequest(
            "rbac.role_change",
            f"Change of the role {role.name}",
            "PATCH",
            path,
            change,
            version=role.version,
            resource=f"role:{role.role_id}",
            record=path,
            base=role,
        )
    )


async def close_review(mutations: Mutations, review: AccessReview, findings: str) -> Outcome:
    """Close a review. Raises OperationsError."""
    from models.access import CloseReview

    path = f"{BASE}/reviews/{review.review_id}"
    words = f"Review closed: {review.assignment.role_name} for {review.assignment.user_name}"
    return await mutations.submit(
        MutationRequest(
            "rbac.review_close",
            words,
            "POST",
            f"{path}/close",
            CloseReview(findings=findings),
            version=review.version,
            resource=f"review:{review.review_id}",
        )
    )


async def remove_second_factor(mutations: Mutations, user_id: str, name: str, reason: str) -> Outcome:
    """Take somebody's second factor away, so that they can set up another. Raises OperationsError."""
    from urllib.parse import quote

    from models.access import RemoveSecondFactor

    path = f"{BASE}/people/{quote(user_id, safe='')}/second-factor/remove"
    words = f"Second factor of {name} removed"
    return await mutations.submit(
        MutationRequest("rbac.second_factor_remove", words, "POST", path, RemoveSecondFactor(reason=reason))
    )
