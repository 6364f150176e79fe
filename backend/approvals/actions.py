"""Ask for, decide, withdraw and expire approvals. The kind's own work happens in the transaction of the last vote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.approvals.reads import closing_words, decision_blocker, find
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.capability import ApprovalKinds
from backend.core.database import Connection, Database, load_queries
from backend.core.problems import ProblemError, same_version
from backend.core.settings import Settings
from backend.deliveries import NoticeAudience, NoticePhase, notify
from models.access import Approval, ApprovalState, Verdict
from models.alerts import Severity
from models.core.problems import Code
from models.deliveries.routing import Team

if TYPE_CHECKING:
    from backend.core.security import Principal

queries = load_queries(__package__)


async def ask(
    tx: Connection,
    *,
    actor: str,
    kind: str,
    title: str,
    subject_type: str,
    subject_id: str,
    gainer: str | None,
    details: Mapping[str, Any],
    reason: str,
    permission: str,
    needs: int,
    from_roles: tuple[str, ...] = (),
    minutes: int,
) -> Approval:
    """Ask others to agree within ``minutes``.

    The same thing asked for again by the same person answers what is pending; another about the same subject is a
    conflict (409).
    """
    values = {
        "kind": kind,
        "title": title,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "gainer": gainer,
        "details": Jsonb(dict(details)),
        "reason": reason,
        "permission": permission,
        "needs": needs,
        "from_roles": list(from_roles),
        "requested_by": actor,
        "minutes": minutes,
    }
    earlier = await (await tx.execute(queries.pending, values)).fetchone()
    if earlier is not None:
        before = await find(tx, earlier[0])
        if before.state is ApprovalState.PENDING:
            if (before.requested_by, before.details) == (actor, dict(details)):
                audit_trail.nothing_changed()
                return before
            raise _pending_already(before)
        await _settle(tx, before, ApprovalState.EXPIRED, actor=audit_trail.WORKER, reason="nobody decided in time")
    row = await (await tx.execute(queries.insert, values)).fetchone()
    if row is None:
        raise ProblemError(Code.CONFLICT, "The same was asked for at this moment; look at what is pending.")
    approval = await find(tx, row[0])
    await audit_trail.record(
        tx,
        actor=actor,
        action="approvals.asked",
        resource_type="approval",
        resource_id=approval.approval_id,
        label=approval.title,
        version=1,
        after=audit_snapshot(approval),
        reason=reason,
    )
    await _notify(tx, approval, "approval.waiting", NoticePhase.RAISED, actor=actor)
    return approval


async def decide(
    tx: Connection,
    kinds: ApprovalKinds,
    *,
    principal: Principal,
    approval_id: UUID,
    version: int,
    verdict: Verdict,
    reason: str,
) -> Approval:
    """Approve or deny. The last approval that is needed carries out what was asked for.

    The same verdict of the same person again changes nothing. Decided, expired or withdrawn: 409. May not decide: 403.
    Stale: 412.
    """
    await tx.execute(queries.lock, {"approval_id": approval_id})
    before = await find(tx, approval_id)
    mine = next((vote for vote in before.votes if vote.voter == principal.user_id), None)
    if mine is not None and mine.verdict is verdict:
        audit_trail.nothing_changed()
        return before
    if before.state is not ApprovalState.PENDING:
        raise ProblemError(Code.CONFLICT, f"{before.title}: {closing_words(before)}")
    words = await decision_blocker(tx, kinds, before, principal)
    if words is not None:
        raise ProblemError(Code.PERMISSION_MISSING, f"You may not decide this: {words}.", permission=before.permission)
    same_version(before.version, version)
    await tx.execute(
        queries.vote,
        {
            "approval_id": approval_id,
            "voter": principal.user_id,
            "verdict": verdict,
            "reason": reason,
            "roles": list(principal.roles),
        },
    )
    outcome: Mapping[str, Any] = {}
    state = ApprovalState.DENIED
    if verdict is Verdict.APPROVE:
        voted = await find(tx, approval_id)
        state = ApprovalState.APPROVED if satisfied(voted) else ApprovalState.PENDING
        if state is ApprovalState.APPROVED:
            outcome = await kinds[voted.kind].apply(tx, voted)
    return await _settle(tx, before, state, actor=principal.user_id, reason=reason, outcome=outcome, verdict=verdict)


async def withdraw(tx: Connection, *, actor: str, approval_id: UUID, version: int, reason: str = "") -> Approval:
    """Take back what one asked for oneself. Somebody else's: 404, as if it were not there. Decided already: 409."""
    await tx.execute(queries.lock, {"approval_id": approval_id})
    before = await find(tx, approval_id)
    if before.requested_by != actor:
        raise ProblemError(Code.NOT_FOUND, "There is no such approval.")
    if before.state is ApprovalState.WITHDRAWN:
        audit_trail.nothing_changed()
        return before
    if before.state is not ApprovalState.PENDING:
        raise ProblemError(Code.CONFLICT, f"{before.title}: {closing_words(before)}")
    same_version(before.version, version)
    return await _settle(tx, before, ApprovalState.WITHDRAWN, actor=actor, reason=reason)


_aside = SetAside("ends of approvals")


async def expire(database: Database, _settings: Settings) -> None:
    """Note which approvals nobody decided in time; they count as expired from their instant on, noted or not."""
    async with database.transaction() as tx:
        rows = await (await tx.execute(queries.overdue)).fetchall()
        await _aside.each(tx, rows, lambda row: _expire(tx, row[0]), key=lambda row: row[0])


async def _expire(tx: Connection, approval_id: UUID) -> None:
    before = await find(tx, approval_id)
    await _settle(tx, before, ApprovalState.EXPIRED, actor=audit_trail.WORKER, reason="nobody decided in time")


def satisfied(approval: Approval) -> bool:
    """Whether enough different people agree and each named role is held by one of them."""
    agreeing = [vote for vote in approval.votes if vote.verdict is Verdict.APPROVE]
    represented = {role for vote in agreeing for role in vote.roles}
    return len(agreeing) >= approval.needs and represented >= set(approval.from_roles)


def audit_snapshot(approval: Approval) -> dict[str, Any]:
    """An approval as the audit log keeps it."""
    return approval.model_dump(mode="json", by_alias=True, exclude={"objection"})


async def _settle(
    tx: Connection,
    before: Approval,
    state: ApprovalState,
    *,
    actor: str,
    reason: str,
    outcome: Mapping[str, Any] | None = None,
    verdict: Verdict | None = None,
) -> Approval:
    await tx.execute(queries.settle, {"approval_id": before.approval_id, "state": state})
    after = await find(tx, UUID(before.approval_id))
    # One yes of two is a vote, not yet an approval.
    action = "agreed" if verdict is Verdict.APPROVE and state is ApprovalState.PENDING else state
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"approvals.{action}",
        resource_type="approval",
        resource_id=after.approval_id,
        label=after.title,
        version=after.version,
        before=audit_snapshot(before),
        after=audit_snapshot(after) | ({"outcome": dict(outcome)} if outcome else {}),
        reason=reason or None,
    )
    if state is not ApprovalState.PENDING:
        await _notify(tx, after, "approval.ended", NoticePhase.RESOLVED, actor=actor)
    return after


async def _notify(tx: Connection, approval: Approval, template: str, phase: NoticePhase, *, actor: str) -> None:
    """Those who decide hear that something waits for them, and that it does no longer."""
    values = {
        "title": approval.title,
        "requester": approval.requested_by_name,
        "reason": approval.reason,
        "expires": f"{approval.ends_at:%d %b %H:%M UTC}",
    }
    team = Team.RISK if str(approval.permission).startswith("risk.") else Team.OPERATIONS
    thread = f"approval:{approval.approval_id}"
    await notify(tx, NoticeAudience(team, Severity.P3), template, values, thread=thread, phase=phase, actor=actor)


def _pending_already(approval: Approval) -> ProblemError:
    return ProblemError(
        Code.CONFLICT,
        f"{approval.title} is asked for already, by {approval.requested_by_name}; it waits for approval.",
    )
