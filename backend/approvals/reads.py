"""Reading approvals, and who may decide one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from backend.core.capability import ApprovalKinds
from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from models.access import Approval, ApprovalState
from models.core.paging import PAGE_MOST
from models.core.permissions import Permission, lacking_words

if TYPE_CHECKING:
    from backend.core.security import Principal

queries = load_queries(__package__)


OVERSEERS = frozenset({Permission.VIEW_AUDIT, Permission.MANAGE_ROLES, Permission.APPROVE_ROLES})
"""Any of these sees what concerns others; everybody sees what concerns themselves."""


async def decision_blocker(
    connection: Connection, kinds: ApprovalKinds, approval: Approval, principal: Principal
) -> str | None:
    """Why ``principal`` may not decide, in words that follow "You may not decide this:"; ``None`` when they may."""
    if approval.state is not ApprovalState.PENDING:
        return closing_words(approval).rstrip(".")
    if approval.permission not in principal.permissions:
        return f"it {lacking_words(approval.permission)}"
    if approval.requested_by == principal.user_id:
        return "you asked for it"
    if approval.gainer == principal.user_id:
        return "you would gain by it"
    if any(vote.voter == principal.user_id for vote in approval.votes):
        return "you have voted already"
    return await kinds[approval.kind].objection(connection, approval, principal.user_id)


async def count_decidable(kinds: ApprovalKinds, connection: Connection, principal: Principal) -> int:
    """How many approvals wait for ``principal``, of the newest that are pending."""
    concerning = (principal.user_id, principal.permissions)
    pending = await approvals(connection, state=ApprovalState.PENDING, concerning=concerning, limit=PAGE_MOST)
    blockers = [await decision_blocker(connection, kinds, approval, principal) for approval in readable(pending)]
    return blockers.count(None)


async def find(connection: Connection, approval_id: UUID) -> Approval:
    """The approval; raises ProblemError 404."""
    return the_one(await approvals(connection, approval_id=approval_id), "There is no such approval.")


async def approvals(
    connection: Connection,
    *,
    approval_id: UUID | None = None,
    state: ApprovalState | None = None,
    concerning: tuple[str, Collection[str]] | None = None,
    before: tuple[datetime | None, UUID | None] = (None, None),
    limit: int = 1,
) -> list[Approval | Unreadable]:
    """Approvals, newest first; ``concerning``: only what this person asked for, gains by, or may decide by permission.

    ``before`` is the instant and the id of the last one of the page before.
    """
    me, permissions = concerning or (None, ())
    async with connection.cursor(row_factory=lenient_row(Approval)) as cursor:
        await cursor.execute(
            queries.approvals,
            {
                "approval_id": approval_id,
                "state": state,
                "everything": concerning is None,
                "permissions": [str(permission) for permission in permissions],
                "me": me,
                "requested_at": before[0],
                "after": before[1],
                "limit": limit,
            },
        )
        return await cursor.fetchall()


def closing_words(approval: Approval) -> str:
    """How an approval ended, as a sentence for whoever would still decide it."""
    match approval.state:
        case ApprovalState.APPROVED | ApprovalState.DENIED:
            last = approval.votes[-1]
            return f"{last.voter_name} has {approval.state} it already."
        case ApprovalState.EXPIRED:
            return f"nobody decided before {approval.ends_at:%Y-%m-%d %H:%M} UTC; ask again."
        case _:
            return f"{approval.requested_by_name} has withdrawn it."
