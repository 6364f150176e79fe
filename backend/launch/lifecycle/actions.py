"""Beginning, changing, rehearsing and ending launches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.capability import Criteria
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.launch.checklist import actions as checklist
from backend.launch.checklist import reads as items
from backend.launch.clock import actions as clocks
from backend.launch.evidence import bound, criterion_problem
from backend.launch.launches.actions import locked
from backend.launch.launches.reads import launch as find
from backend.launch.lifecycle import queries
from backend.launch.poll import reads as polls
from backend.launch.templates import reads as templates
from models.core.permissions import Permission
from models.core.problems import Code
from models.launch import (
    DelegateVote,
    InjectFault,
    Launch,
    LaunchChange,
    LaunchDraft,
    LaunchState,
    Lesson,
    LessonDraft,
    RehearseLaunch,
)
from models.launch.checklist import ItemDraft
from models.launch.poll import Choice, PollState
from models.launch.templates import TemplateContent

if TYPE_CHECKING:
    from backend.core.security import Principal


async def begin(tx: Connection, *, actor: str, request: LaunchDraft, known: Criteria | None = None) -> Launch:
    """Begin a launch from a template; its clock runs from now on. No such template: 404. T-0 is past: 422.

    ``known``: what capabilities declare, to hold the template against; without, it is taken as it is.
    """
    template = await templates.template(tx, request.template_key, request.template_version)
    for each in template.content.criteria:
        if known is not None and (words := criterion_problem(each, known)):
            raise ProblemError(Code.CONFLICT, f"The template cannot be used: {each.key} {words}.")
    found = await _insert(
        tx,
        template.content,
        actor=actor,
        title=request.title,
        short_title=request.short_title,
        zone=request.zone,
        zero_at=request.zero_at,
        template_key=template.key,
        template_version=template.version,
        rehearsal_of=None,
    )
    await checklist.insert_items(tx, found.launch_id, template.content.items)
    await _tell(tx, actor, "begun", None, found)
    await clocks.begin(tx, found, actor=actor, zero_at=request.zero_at)
    return await find(tx, found.launch_id)


async def _insert(tx: Connection, content: TemplateContent | Launch, *, actor: str, **values: Any) -> Launch:
    definitions = {
        name: Jsonb([each.model_dump(mode="json", by_alias=True) for each in getattr(content, name)])
        for name in ("roll", "points", "criteria")
    }
    row = await (await tx.execute(queries.insert, values | definitions | {"actor": actor})).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    return await find(tx, row[0])


async def change(tx: Connection, *, actor: str, launch_id: UUID, version: int, request: LaunchChange) -> Launch:
    """Change a launch; fields left out stay. Another T-0 sets the clock anew. Over: 409. Stale: 412."""
    before = await locked(tx, launch_id)
    same_version(before.version, version)
    changes = request.model_dump(exclude_none=True, exclude={"zero_at", "reason"})
    wanted = before.model_copy(update=changes)
    if request.zero_at is not None:
        wanted = wanted.model_copy(update={"planned_zero_at": request.zero_at})
    if wanted == before:
        audit_trail.nothing_changed()
        return before
    columns = {"launch_id", "title", "short_title", "zone", "planned_zero_at"}
    await tx.execute(queries.change, wanted.model_dump(include=columns))
    if request.zero_at is not None:
        reason = request.reason or ""
        await clocks.begin(tx, before, actor=actor, zero_at=request.zero_at, reason=reason)
    after = await find(tx, launch_id)
    await _tell(tx, actor, "changed", before, after, reason=request.reason)
    return after


async def finish(tx: Connection, *, actor: str, launch_id: UUID, version: int, decision: str) -> Launch:
    """Say that a launch is done. Nobody on its roll was asked, or the last poll did not end with GO: 409. Stale: 412.

    What was never asked is no GO: a launch that went without one is scrubbed, or asked about afterwards.
    """
    last = await polls.latest(tx, launch_id)
    if last is None:
        raise ProblemError(
            Code.CONFLICT,
            "Nobody on its roll was asked, so there is no GO: open a poll and close it first, or scrub the launch.",
        )
    if last is not None and last.state is PollState.CLOSED and last.verdict is not Choice.GO:
        raise ProblemError(
            Code.CONFLICT,
            f"Poll {last.round} ended with {last.verdict}: ask again, or scrub the launch. While a poll is open, two "
            "people go against a NO-GO.",
        )
    return await _close(tx, actor, launch_id, version, LaunchState.LAUNCHED, decision)


async def scrub(tx: Connection, *, actor: str, launch_id: UUID, version: int, decision: str) -> Launch:
    """Give a launch up for this time. A poll is open: 409. Stale: 412."""
    return await _close(tx, actor, launch_id, version, LaunchState.SCRUBBED, decision)


async def _close(
    tx: Connection, actor: str, launch_id: UUID, version: int, state: LaunchState, decision: str
) -> Launch:
    before = await locked(tx, launch_id)
    same_version(before.version, version)
    if await (await tx.execute(queries.open_poll, {"launch_id": launch_id})).fetchone() is not None:
        raise ProblemError(Code.CONFLICT, "A poll is open: close it first, so that its record is kept.")
    if state is LaunchState.SCRUBBED:
        await clocks.scrub(tx, before, actor=actor, decision=decision)
    await tx.execute(queries.close, {"launch_id": launch_id, "state": state, "decision": decision})
    after = await find(tx, launch_id)
    verb = "scrubbed" if state is LaunchState.SCRUBBED else "finished"
    await _tell(tx, actor, verb, before, after, reason=decision)
    return after


async def delegate(tx: Connection, *, principal: Principal, launch_id: UUID, request: DelegateVote) -> Launch:
    """Let somebody vote for a role one holds. Not one's role: 403. Delegated already: 409. They may not vote: 422."""
    before = await locked(tx, launch_id)
    _on_roll(before, request.role)
    if request.role not in principal.roles:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            "Only a holder of the role can let somebody else vote for it.",
            permission=Permission.LAUNCH_VOTE,
        )
    if request.person == principal.user_id:
        raise invalid("/person", "you vote for the role yourself already")
    there = next((each for each in before.delegations if each.role == request.role), None)
    if there is not None and (there.person, there.by, there.reason) == (
        request.person,
        principal.user_id,
        request.reason,
    ):
        audit_trail.nothing_changed()
        return before
    may = {"person": request.person, "permission": Permission.LAUNCH_VOTE}
    if await (await tx.execute(queries.may_vote, may)).fetchone() != (True,):
        raise invalid("/person", "they hold no role that lets them vote in launches")
    values = request.model_dump() | {"launch_id": launch_id, "actor": principal.user_id}
    if await (await tx.execute(queries.delegate, values)).fetchone() is None:
        raise ProblemError(Code.CONFLICT, "Somebody else votes for this role already; take that back first.")
    after = await find(tx, launch_id)
    await _tell(tx, principal.user_id, "delegated", before, after, reason=request.reason)
    return after


async def end_delegation(tx: Connection, *, principal: Principal, launch_id: UUID, role: str) -> Launch:
    """Take a delegation back: a holder of the role, or who it was given to. There is none: 404."""
    before = await locked(tx, launch_id)
    there = next((each for each in before.delegations if each.role == role), None)
    if there is None:
        raise ProblemError(Code.NOT_FOUND, "Nobody else votes for this role.")
    if role not in principal.roles and principal.user_id != there.person:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            "Only a holder of the role, or who votes for it, can take this back.",
            permission=Permission.LAUNCH_VOTE,
        )
    await tx.execute(queries.end_delegation, {"launch_id": launch_id, "role": role})
    after = await find(tx, launch_id)
    await _tell(tx, principal.user_id, "delegation_ended", before, after)
    return after


async def rehearse(tx: Connection, *, actor: str, launch_id: UUID, request: RehearseLaunch) -> Launch:
    """Copy a launch, its list unsigned, for a rehearsal whose clock runs from a reading on. Of a rehearsal: 409."""
    original = await find(tx, launch_id)
    if original.rehearsal_of is not None:
        raise ProblemError(Code.CONFLICT, "This is a rehearsal itself; rehearse the launch it is of.")
    copy = await _insert(
        tx,
        original,
        actor=actor,
        title=original.title,
        short_title=original.short_title,
        zone=original.zone,
        zero_at=original.planned_zero_at,
        template_key=original.template_key,
        template_version=original.template_version,
        rehearsal_of=original.launch_id,
    )
    rows = await items.rows(tx, launch_id=original.launch_id)
    drafts = [ItemDraft.model_validate({name: row[name] for name in items.DRAFT_FIELDS}) for row in rows]
    await checklist.insert_items(tx, copy.launch_id, drafts)
    await _tell(tx, actor, "rehearsed", None, copy)
    await clocks.set_to(tx, copy, actor=actor, reading=request.reading, reason="rehearsal")
    return await find(tx, copy.launch_id)


async def inject(tx: Connection, *, actor: str, launch_id: UUID, request: InjectFault) -> Launch:
    """Let a figure of a rehearsal fail, or heal it. Of a real launch: 409. No such figure: 422."""
    before = await locked(tx, launch_id)
    if before.rehearsal_of is None:
        raise ProblemError(Code.CONFLICT, "Faults are injected into rehearsals only.")
    if request.key not in {each.key for each in bound(before.criteria)}:
        raise invalid("/key", "no figure of this launch has this key")
    faults = {key: fault for key, fault in before.faults.items() if key != request.key}
    if request.fault is not None:
        faults[request.key] = request.fault
    if faults == before.faults:
        audit_trail.nothing_changed()
        return before
    await tx.execute(queries.set_faults, {"launch_id": launch_id, "faults": Jsonb(faults)})
    after = await find(tx, launch_id)
    await _tell(tx, actor, "fault_injected", before, after)
    return after


async def learn(tx: Connection, *, actor: str, launch_id: UUID, request: LessonDraft) -> Lesson:
    """Keep an item for the next version of the template."""
    launch = await find(tx, launch_id)
    values = {
        "launch_id": launch_id,
        "item": Jsonb(request.item.model_dump(mode="json", by_alias=True)),
        "reason": request.reason,
        "actor": actor,
    }
    async with tx.cursor(row_factory=class_row(Lesson)) as cursor:
        await cursor.execute(queries.insert_lesson, values)
        lesson = await cursor.fetchone()
    assert lesson is not None  # noqa: S101 - an insert of one row returns one row
    await audit_trail.record(
        tx,
        actor=actor,
        action="launch.lesson.kept",
        resource_type="launch_lesson",
        resource_id=lesson.lesson_id,
        label=lesson.item.description,
        after=lesson.model_dump(mode="json", by_alias=True) | {"launchId": launch.launch_id},
        reason=request.reason,
    )
    return lesson


def _on_roll(launch: Launch, role: str) -> None:
    if role not in {each.role for each in launch.roll}:
        raise invalid("/role", "this role is not on the roll of the launch")


async def _tell(
    tx: Connection, actor: str, verb: str, before: Launch | None, after: Launch, *, reason: str | None = None
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"launch.launch.{verb}",
        resource_type="launch",
        resource_id=after.launch_id,
        label=after.title,
        version=after.version,
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=after.model_dump(mode="json", by_alias=True),
        reason=reason,
    )
