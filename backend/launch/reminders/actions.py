"""Asking the owner of a role again: all that waits for it goes out in one message, and not more often than it helps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid
from backend.deliveries import NoticeAudience, notify, reachable, thread_notices
from backend.launch.checklist import reads as checklist
from backend.launch.clock import reads as clocks
from backend.launch.launches.actions import locked
from backend.launch.poll import reads as polls
from backend.launch.poll.actions import World
from backend.launch.reminders import queries
from models.alerts import Severity
from models.core.problems import Code
from models.deliveries.routing import Team
from models.launch import Launch
from models.launch.poll import LaunchStatus, PollState, Reminder, RollCallVote, Standing

REST = timedelta(minutes=5)
"""A role of a launch is told once in so long, whoever asks and whatever waits for it."""
NAMED_MOST = 10


async def remind(tx: Connection, world: World, *, actor: str, launch_id: UUID, role: str) -> Reminder:
    """Tell a role again what waits for it. Nothing does: 409. Told just now: 429. No role of the launch: 422."""
    launch = await locked(tx, launch_id)
    status = await polls.status(tx, *world, launch)
    items = await _late_items(tx, launch, status, role)
    vote = next((each for each in status.roll_call if each.role == role), None)
    name = vote.name if vote is not None else next((each["owner_name"] for each in items), None)
    if name is None:
        raise invalid("/role", "nothing of this launch that is due waits for this role")
    asked = _vote_lines(status, vote)
    lines = [*asked, *(f"Item {each['number']} is late: {each['description']}" for each in items)]
    if not lines:
        raise ProblemError(Code.CONFLICT, f"Nothing waits for {name}.")
    thread, now = f"launch:{launch_id}:{role}", await clock(tx)
    for last in await thread_notices(tx, thread, 1):
        if (rest := last.written_at + REST - now) > timedelta():
            raise ProblemError(
                Code.TOO_MANY_REQUESTS,
                f"{name} was asked at {last.written_at:%H:%M:%S} UTC; ask again {REST.seconds // 60} minutes later.",
                headers={"Retry-After": str(int(rest.total_seconds()) + 1)},
            )
    rows = await (await tx.execute(queries.people, {"launch_id": launch_id, "role": role})).fetchall()
    # Who asks knows it already.
    people = [row[0] for row in rows if row[0] != actor]
    more = [f"{len(lines) - NAMED_MOST} more."] if len(lines) > NAMED_MOST else []
    values = {
        "launch": launch.title if launch.rehearsal_of is None else f"Rehearsal of {launch.title}",
        "role": name,
        "actor": await audit_trail.person_name(tx, actor),
        "waiting": "\n".join([*lines[:NAMED_MOST], *more]),
    }
    holds = bool(asked) or any(each["blocking"] for each in items)
    audience = NoticeAudience(Team.OPERATIONS, Severity.P2 if holds else Severity.P3, people)
    told = await notify(tx, audience, "launch.asked_again", values, thread=thread, actor=actor) is not None
    await audit_trail.record(
        tx,
        actor=actor,
        action="launch.owner.asked_again",
        resource_type="launch",
        resource_id=launch.launch_id,
        label=launch.title,
        version=launch.version,
        after={"role": role, "waiting": lines, "told": told, "rehearsalOf": launch.rehearsal_of},
    )
    by_mail = len(await reachable(tx, people)) if told else 0
    return Reminder(role=role, name=name, waiting=tuple(lines), told=told, by_mail=by_mail, at=now)


async def _late_items(tx: Connection, launch: Launch, status: LaunchStatus, role: str) -> list[checklist.Row]:
    at = await clocks.clock_at(tx, launch, status.as_of)
    late = await checklist.late(tx, launch.launch_id, at.reading, checklist.inside_of(status.evidence))
    # What is automatic waits for its figures, not for a signature; who owns it looks after those.
    return [item for item in late if item["owner_role"] == role]


def _vote_lines(status: LaunchStatus, vote: RollCallVote | None) -> Sequence[str]:
    if vote is None or vote.director or status.poll is None or status.poll.state is not PollState.OPEN:
        return ()
    if vote.standing is Standing.NOT_VOTED:
        return (f"Round {status.poll.round} waits for your vote: {status.poll.question}",)
    if vote.standing is Standing.EVIDENCE_CHANGED:
        labels = {each.key: each.label for each in status.evidence}
        changed = ", ".join(labels.get(key, key) for key in vote.changed)
        return (f"Your GO of round {status.poll.round} is void, vote again. Changed since: {changed}",)
    return ()
