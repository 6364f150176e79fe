"""Opening, voting, voiding and closing. The poll is locked first, and looked at in statements of their own.

Of a vote and a change of its evidence, the change wins: see docs/decisions/0014-launch-poll.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from backend import approvals
from backend.approvals import ApprovalKind
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.capability import Criteria
from backend.core.clock import clock
from backend.core.database import Connection, Database, DatabaseUnavailable
from backend.core.json import dumps
from backend.core.problems import ProblemError, invalid
from backend.core.settings import Settings
from backend.launch.clock import actions as clocks
from backend.launch.evidence import Limits, bound, evaluate, pinned_limits
from backend.launch.launches import reads as launches
from backend.launch.launches.actions import locked
from backend.launch.poll import body, queries, reads
from backend.launch.poll.verdict import standing_of, worst
from models.access import Approval
from models.core.permissions import Permission
from models.core.problems import Code
from models.launch import Launch
from models.launch.clock import HoldClock
from models.launch.criteria import Evidence, EvidenceVerdict
from models.launch.poll import AskOverride, CastVote, Choice, ClosePoll, LaunchStatus, OpenPoll, Poll, Standing

if TYPE_CHECKING:
    from backend.core.security import Principal

OVERRIDE_MINUTES = 60
_aside = SetAside("launch polls")


class World(NamedTuple):
    """What figures are evaluated with."""

    settings: Settings
    criteria: Criteria


async def open_poll(tx: Connection, world: World, *, actor: str, launch_id: UUID, request: OpenPoll) -> Poll:
    """Ask all roles. A poll is open already: 409."""
    launch = await locked(tx, launch_id)
    current = await reads.latest(tx, launch_id)
    if current is not None and current.state == "open":
        if (current.question, current.opened_by) == (request.question, actor):
            audit_trail.nothing_changed()
            return current
        raise ProblemError(Code.CONFLICT, f"Poll {current.round} is open; close it before you ask again.")
    values = request.model_dump() | {"launch_id": launch_id, "actor": actor}
    row = await (await tx.execute(queries.insert, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    criteria = bound(launch.criteria)
    found = await evaluate(tx, *world, criteria, faults=launch.faults)
    pins = pinned_limits(criteria, found)
    if pins:
        found = await evaluate(tx, *world, criteria, limits=pins, faults=launch.faults)
    await tx.execute(queries.insert_evidence, {"poll_id": row[0], "rows": _rows(found)})
    after = await reads.poll(tx, launch_id, row[0])
    await tell_opened(tx, actor, launch, after, evidence=found)
    return after


async def vote(
    tx: Connection, world: World, *, principal: Principal, launch_id: UUID, poll_id: UUID, request: CastVote
) -> LaunchStatus:
    """Cast a vote for a role. Not for them: 403. Closed: 409. A GO for what is not as seen: 412."""
    launch = await launches.launch(tx, launch_id)
    delegated_by = _voter_blocker(launch, principal, request.role)
    poll = await _lock(tx, launch_id, poll_id)
    mine = next(each for each in await reads.roll_call(tx, launch, str(poll_id)) if each.role == request.role)
    if (
        mine.standing is Standing.COUNTED
        and (mine.choice, mine.person, mine.reason) == (request.choice, principal.user_id, request.reason)
        and mine.evidence_version == poll.evidence_version
    ):
        audit_trail.nothing_changed()
        return await reads.status(tx, *world, launch)
    if mine.director and request.choice is Choice.GO:
        word = (await reads.status(tx, *world, launch)).verdict.word
        if word is not Choice.GO:
            raise ProblemError(Code.CONFLICT, f"The director votes GO last; the verdict is {word}.")
    seen = await reads.evidence(tx, launch, world.criteria, str(poll_id))
    values = {
        "poll_id": poll_id,
        "role": request.role,
        "choice": request.choice,
        "person": principal.user_id,
        "reason": request.reason,
        "second_factor_at": principal.identity.auth_time,
        "delegated_by": delegated_by,
        "seen": request.evidence_version,
    }
    statement = queries.vote_go if request.choice is Choice.GO else queries.vote_other
    if await (await tx.execute(statement, values)).fetchone() is None:
        raise ProblemError(
            Code.EVIDENCE_CHANGED,
            "The figures are not as you saw them, or not all are within their limits: look at them again.",
            current=await reads.status(tx, *world, launch),
        )
    await tx.execute(queries.touch, {"poll_id": poll_id})
    await tell_vote(tx, principal.user_id, "cast", launch, poll_id, request.role, evidence=seen)
    return await reads.status(tx, *world, launch)


def _voter_blocker(launch: Launch, principal: Principal, role: str) -> str | None:
    """Who let them vote for the role; ``None`` when it is theirs. Raises ProblemError when they may not."""
    if role not in {each.role for each in launch.roll}:
        raise invalid("/role", "this role is not on the roll of the launch")
    given = next((each for each in launch.delegations if each.role == role), None)
    if given is not None and given.person == principal.user_id:
        return given.by
    if role in principal.roles and given is None:
        return None
    words = "Its holders let somebody else vote for it." if role in principal.roles else "You do not hold this role."
    raise ProblemError(Code.PERMISSION_MISSING, words, permission=Permission.LAUNCH_VOTE)


async def watch(database: Database, world: World) -> None:
    """Evaluate what open polls are bound to. Of several workers one does, the others do nothing."""
    async with database.read() as connection:
        polls = await (await connection.execute(queries.open_polls)).fetchall()
    for poll_id, launch_id in polls:
        try:
            async with database.transaction() as tx:
                if await (await tx.execute(queries.try_watch_lock)).fetchone() != (True,):
                    return
                await reevaluate(tx, world, await launches.launch(tx, launch_id), poll_id)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one poll that cannot be read must not cost the others their watch
            if not _aside.holds(poll_id):
                _aside.put(poll_id, error)


async def reevaluate(tx: Connection, world: World, launch: Launch, poll_id: str | UUID) -> None:
    """Look at the figures of an open poll; what changed voids the votes bound to it and holds the clock."""
    before = {each.key: each for each in await reads.evidence(tx, launch, world.criteria, str(poll_id))}
    limits: dict[str, Limits] = {key: (each.low, each.high) for key, each in before.items()}
    found = await evaluate(tx, *world, bound(launch.criteria), limits=limits, faults=launch.faults)
    if await (await tx.execute(queries.lock, {"poll_id": poll_id})).fetchone() is None:
        return
    # From here on in statements of their own: they see every vote that was committed before the lock.
    changed = [each for each in found if each.verdict is not before[each.key].verdict]
    await tx.execute(queries.update_evidence, {"poll_id": poll_id, "rows": _rows(found)})
    if changed:
        await _flip(tx, launch, str(poll_id), before, changed, found)


async def _flip(
    tx: Connection,
    launch: Launch,
    poll_id: str,
    before: Mapping[str, Evidence],
    changed: Sequence[Evidence],
    found: Sequence[Evidence],
) -> None:
    left = [each for each in changed if each.verdict is not EvidenceVerdict.INSIDE]
    keys = [each.key for each in left]
    row = await (await tx.execute(queries.raise_version, {"poll_id": poll_id, "held": bool(left)})).fetchone()
    assert row is not None  # noqa: S101 - the row is locked
    voided: list[tuple[str, int]] = []
    if left:
        values = {
            "poll_id": poll_id,
            "changed": keys,
            "everybody": any(not each.binds for each in left),
            "roles": sorted({role for each in left for role in each.binds}),
        }
        voided = await (await tx.execute(queries.void_votes, values)).fetchall()
        labels = ", ".join(each.label for each in left)
        await locked(tx, UUID(launch.launch_id))
        await clocks.hold_if_running(
            tx,
            launch,
            actor=audit_trail.WORKER,
            request=HoldClock(
                reason=f"Evidence changed: {labels}"[:2000],
                exit_criteria="Within the limits again, and the roles asked anew.",
            ),
        )
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action="launch.evidence.changed",
        resource_type="launch_poll",
        resource_id=poll_id,
        label=launch.title,
        version=row[0],
        before={each.key: before[each.key].verdict for each in changed},
        after={each.key: each.verdict for each in changed} | {"voided": sorted(role for role, _ in voided)},
    )
    for role, _ in sorted(voided):
        await tell_vote(tx, audit_trail.WORKER, "voided", launch, poll_id, role, evidence=found)


async def close_poll(
    tx: Connection, world: World, *, actor: str, launch_id: UUID, poll_id: UUID, request: ClosePoll
) -> Poll:
    """End a poll with its verdict, and seal what it was decided upon. The verdict has become another one: 412."""
    launch = await launches.launch(tx, launch_id)
    before = await _lock(tx, launch_id, poll_id)
    await reevaluate(tx, world, launch, poll_id)
    status = await reads.status(tx, *world, launch)
    final = worst([status.verdict.word, *(standing_of(vote) for vote in status.roll_call if vote.director)])
    if final is not request.verdict:
        raise ProblemError(Code.EVIDENCE_CHANGED, f"The verdict is {final} now, not {request.verdict}.", current=status)
    at = await clock(tx)
    poll = status.poll or before
    sealed = await body.build(tx, launch, poll, status.roll_call, status.evidence, verdict=final, at=at, by=actor)
    await tx.execute(
        queries.close,
        {"poll_id": poll_id, "at": at, "actor": actor, "verdict": final, "sealed": Jsonb(sealed, dumps)},
    )
    after = await reads.poll(tx, launch_id, poll_id)
    await tell_closed(tx, actor, launch, after, sealed, reason=request.reason)
    return after


async def ask_override(tx: Connection, *, actor: str, launch_id: UUID, poll_id: UUID, request: AskOverride) -> Approval:
    """Ask for a NO-GO not to count. The role did not vote NO-GO: 409."""
    launch = await launches.launch(tx, launch_id)
    await _lock(tx, launch_id, poll_id)
    votes = await reads.roll_call(tx, launch, str(poll_id))
    against = next((each for each in votes if each.role == request.role), None)
    if against is None or against.choice is not Choice.NO_GO or against.override is not None:
        raise ProblemError(Code.CONFLICT, "This role has no NO-GO that counts.")
    return await approvals.ask(
        tx,
        actor=actor,
        kind=OVERRIDE.name,
        title=f"{launch.title}: go against the NO-GO of {against.name}",
        subject_type="launch_vote",
        subject_id=f"{poll_id}/{request.role}",
        gainer=against.person,
        details={"launchId": launch.launch_id, "version": against.version, "reason": against.reason},
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=OVERRIDE_MINUTES,
    )


async def _apply_override(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    poll_id, _, role = approval.subject_id.partition("/")
    launch = await launches.launch(tx, approval.details["launchId"])
    await _lock(tx, UUID(launch.launch_id), UUID(poll_id))
    override = {
        "reason": approval.reason,
        "askedBy": approval.requested_by,
        "approvedBy": approval.votes[-1].voter,
        "at": (await clock(tx)).isoformat(),
    }
    values = {
        "poll_id": poll_id,
        "role": role,
        "version": approval.details["version"],
        "override": Jsonb(override),
    }
    if await (await tx.execute(queries.override, values)).fetchone() is None:
        raise ProblemError(Code.CONFLICT, "The role has voted anew meanwhile; deny this.")
    await tx.execute(queries.touch, {"poll_id": poll_id})
    await tell_vote(tx, approval.requested_by, "overridden", launch, poll_id, role, reason=approval.reason)
    return override


OVERRIDE = ApprovalKind("launch.override", _apply_override)


async def release_blocker(connection: Connection, world: World, launch: Launch) -> str | None:
    """Why the clock may not go on; ``None`` when it may: no poll is open, or its verdict is GO."""
    status = await reads.status(connection, *world, launch)
    if status.poll is None or status.poll.state != "open" or status.verdict.word is Choice.GO:
        return None
    return f"The poll says {status.verdict.word}: {status.verdict.causes[0].title}."


async def _lock(tx: Connection, launch_id: UUID, poll_id: UUID) -> Poll:
    found = await reads.poll(tx, launch_id, poll_id)
    if await (await tx.execute(queries.lock, {"poll_id": poll_id})).fetchone() is None:
        raise ProblemError(Code.CONFLICT, f"Poll {found.round} is closed.")
    return await reads.poll(tx, launch_id, poll_id)


def _rows(found: Sequence[Evidence]) -> Jsonb:
    kept = {"key", "value", "low", "high", "stale_after", "data_through", "late_at", "good_until", "evaluated_at"}
    rows = [
        each.model_dump(include=kept | {"verdict", "detail", "binds"}) | {"number": number}
        for number, each in enumerate(found)
    ]
    return Jsonb(rows, dumps)


async def tell_opened(tx: Connection, actor: str, launch: Launch, poll: Poll, *, evidence: Sequence[Evidence]) -> None:
    """Tell the audit log that a poll was opened, with what was shown."""
    await audit_trail.record(
        tx,
        actor=actor,
        action="launch.poll.opened",
        resource_type="launch_poll",
        resource_id=poll.poll_id,
        label=launch.title,
        version=poll.version,
        after={
            "launchId": launch.launch_id,
            "round": poll.round,
            "question": poll.question,
            "rehearsalOf": launch.rehearsal_of,
            "evidence": _picture(evidence),
        },
    )


async def tell_closed(
    tx: Connection, actor: str, launch: Launch, poll: Poll, sealed: Mapping[str, Any], *, reason: str = ""
) -> None:
    """The entry that seals what a poll was decided upon."""
    await audit_trail.record(
        tx,
        actor=actor,
        action="launch.poll.closed",
        resource_type="launch_poll",
        resource_id=poll.poll_id,
        label=launch.title,
        version=poll.version,
        after=body.seal(sealed),
        reason=reason or None,
    )


async def tell_vote(
    tx: Connection,
    actor: str,
    verb: str,
    launch: Launch,
    poll_id: str | UUID,
    role: str,
    *,
    evidence: Sequence[Evidence] = (),
    reason: str | None = None,
) -> None:
    """Tell the audit log of a vote with all that was shown: what the verifier holds the record against."""
    votes = await reads.roll_call(tx, launch, str(poll_id))
    after = next(each for each in votes if each.role == role)
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"launch.vote.{verb}",
        resource_type="launch_vote",
        resource_id=f"{poll_id}/{role}",
        label=after.name,
        version=after.version,
        after={"vote": body.vote(after), "evidence": _picture(evidence)},
        reason=reason or after.reason or None,
    )


def _picture(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    return [body.figure(each) for each in evidence]
