"""Everything that changes the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from backend import approvals
from backend.analytics.compatibility.compare import check_satisfiable, compare
from backend.analytics.plan import queries, reads
from backend.analytics.plan.checking import CALLS, check_content, same_name
from backend.analytics.radius.reads import radius_asks
from backend.core import audit_trail
from backend.core.capability import ApprovalKind
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from models.access import Approval
from models.analytics import (
    EventContent,
    EventMode,
    EventSchemaDefinition,
    EventSchemaDraft,
    ModeOfEvent,
    ModeRequest,
    SchemaState,
    StateRequest,
)
from models.core.permissions import Permission
from models.core.problems import Code

UNPLANNED: Final = "*"
"""Stands for events that the plan does not know."""
OVERLAP: Final = timedelta(days=30)
"""How long the version before is judged by, once another one is enforced."""
APPROVAL_MINUTES: Final = 7 * 24 * 60
_AFTER: Final = {
    SchemaState.DRAFT: {SchemaState.OBSERVED},
    SchemaState.OBSERVED: {SchemaState.ENFORCED, SchemaState.RETIRED},
    SchemaState.ENFORCED: {SchemaState.DEPRECATED},
    SchemaState.DEPRECATED: {SchemaState.RETIRED, SchemaState.DEPRECATED},
    SchemaState.RETIRED: set(),
}


async def write_draft(tx: Connection, *, actor: str, request: EventSchemaDraft) -> EventSchemaDefinition:
    """A new version of an event. One is being written already, or a name that reads the same is taken: 409."""
    check_content(request)
    _check_name(request.event_name)
    await check_satisfiable(request)
    key = same_name(request.event_name)
    await tx.execute(queries.lock_event, {"event_key": key})
    taken = await (await tx.execute(queries.same_key, {"event_key": key})).fetchone()
    if taken is not None and taken[0] != request.event_name:
        raise ProblemError(Code.CONFLICT, f"Nobody who reads it tells it from “{taken[0]}”, which is in the plan.")
    values = columns(request) | {"event_name": request.event_name, "event_key": key, "actor": actor}
    row = await (await tx.execute(queries.insert_draft, values)).fetchone()
    if row is None:
        raise ProblemError(Code.CONFLICT, "A new version of this event is being written already: change that one.")
    after = await reads.version(tx, request.event_name, row[0])
    await _record(tx, actor, "drafted", None, after)
    return after


async def change_draft(
    tx: Connection, *, actor: str, event_name: str, number: int, revision: int, request: EventContent
) -> EventSchemaDefinition:
    """Put another content into a draft. Published: 409. Stale: 412."""
    check_content(request)
    await check_satisfiable(request)
    before = await reads.lock_version(tx, event_name, number)
    _still_draft(before)
    same_version(before.revision, revision)
    await tx.execute(queries.change_draft, columns(request) | {"event_name": event_name, "version": number})
    after = await reads.version(tx, event_name, number)
    if _snapshot(after) | {"revision": 0} == _snapshot(before) | {"revision": 0}:
        audit_trail.nothing_changed()
        return after
    await _record(tx, actor, "changed", before, after)
    return after


async def discard_draft(tx: Connection, *, actor: str, event_name: str, number: int, revision: int) -> None:
    """Give a draft up. Published: 409. Stale: 412."""
    before = await reads.lock_version(tx, event_name, number)
    _still_draft(before)
    same_version(before.revision, revision)
    await tx.execute(queries.delete_draft, {"event_name": event_name, "version": number})
    await _record(tx, actor, "discarded", before, None)


async def change_state(
    tx: Connection,
    *,
    actor: str,
    event_name: str,
    number: int,
    revision: int,
    request: StateRequest,
) -> EventSchemaDefinition | Approval:
    """Take a version to its next state; one that breaks something is published when somebody else agrees.

    Backwards, or past a state: 409. Stale: 412.
    """
    # Before anything is locked: comparing two versions takes its time.
    asks = await _asks(tx, await reads.version(tx, event_name, number))
    await tx.execute(queries.lock_plan)
    before = await reads.lock_version(tx, event_name, number)
    if before.state is request.state and before.deprecated_until == request.until:
        audit_trail.nothing_changed()
        return before
    same_version(before.revision, revision)
    if request.state not in _AFTER[before.state]:
        raise ProblemError(Code.CONFLICT, _out_of_order(before.state, request.state))
    if request.until is not None and request.until <= await clock(tx):
        raise invalid("/until", "this instant has passed: say until when events may still be of it, or retire it")
    if asks:
        return await _ask(tx, actor, before, asks, request.reason)
    return await _enter(tx, actor, before, request.state, request.until, request.reason)


async def register(tx: Connection, request: EventSchemaDraft) -> None:
    """A version of an event of the program itself: it is made and judged by the same program, so nobody is asked."""
    check_content(request)
    key = same_name(request.event_name)
    await tx.execute(queries.lock_plan)
    await tx.execute(queries.lock_event, {"event_key": key})
    values = columns(request) | {"event_name": request.event_name, "event_key": key, "actor": audit_trail.WORKER}
    row = await (await tx.execute(queries.insert_draft, values)).fetchone()
    if row is None:
        return  # somebody writes a version of it: the next turn looks again
    words = "as this version of the program makes it"
    for state in (SchemaState.OBSERVED, SchemaState.ENFORCED):
        before = await reads.lock_version(tx, request.event_name, row[0])
        await _enter(tx, audit_trail.WORKER, before, state, None, words)


async def set_mode(tx: Connection, *, actor: str, environment: str, request: ModeRequest) -> ModeOfEvent:
    """What is to happen to what does not fit. An event that was never published: 404. Stale: 412."""
    where = {"event_name": request.event_name, "environment": request.environment or environment}
    if request.event_name == UNPLANNED:
        if request.mode is EventMode.OMIT:
            raise invalid("/mode", "of an event that nobody knows, nothing can be left out")
    elif (await (await tx.execute(queries.is_planned, where)).fetchone()) != (True,):
        raise ProblemError(Code.NOT_FOUND, "There is no such event in the plan, or it was never published.")
    await tx.execute(queries.lock_plan)
    async with tx.cursor(row_factory=class_row(ModeOfEvent)) as cursor:
        await cursor.execute(queries.lock_mode, where)
        before = await cursor.fetchone()
        if before is not None:
            if before.mode is request.mode:
                audit_trail.nothing_changed()
                return before
            same_version(before.version, request.version or 0)
        await cursor.execute(queries.put_mode, where | {"mode": request.mode, "actor": actor})
        after = await cursor.fetchone()
    assert after is not None  # noqa: S101 - an upsert answers its row
    await tx.execute(queries.next_plan, {"versions": 0})
    await audit_trail.record(
        tx,
        actor=actor,
        action="analytics.mode.changed",
        resource_type="event_mode",
        resource_id=f"{after.event_name} {after.environment}",
        label=f"{after.event_name}, {after.environment}",
        version=after.version,
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=after.model_dump(mode="json", by_alias=True),
        reason=request.reason,
    )
    return after


def content_of(definition: EventSchemaDefinition) -> EventContent:
    """What a version says of its event."""
    return EventContent.model_validate(
        definition.model_dump(include=set(EventContent.model_fields), by_alias=True), by_alias=True
    )


async def _asks(tx: Connection, draft: EventSchemaDefinition) -> list[str]:
    """Why publishing a draft needs somebody else's yes. Raises ProblemError 409 for one nobody has looked into."""
    if draft.state is not SchemaState.DRAFT:
        return []
    before = await reads.compared_with(tx, draft.event_name)
    if before is None:
        return []
    comparison = await compare(tx, await reads.version(tx, draft.event_name, before), draft)
    return [*comparison.asks, *await radius_asks(tx, draft)]


async def _ask(tx: Connection, actor: str, draft: EventSchemaDefinition, words: Sequence[str], reason: str) -> Approval:
    return await approvals.ask(
        tx,
        actor=actor,
        kind=PUBLISH.name,
        title=f"Publish {draft.event_name} {draft.version}: {'; '.join(words)}"[:500],
        subject_type="event_schema",
        subject_id=f"{draft.event_name} {draft.version}",
        gainer=None,
        details={"eventName": draft.event_name, "version": draft.version, "revision": draft.revision},
        reason=reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=APPROVAL_MINUTES,
    )


async def _apply(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    await tx.execute(queries.lock_plan)
    event_name, number = approval.details["eventName"], approval.details["version"]
    try:
        before = await reads.lock_version(tx, event_name, number)
    except ProblemError:
        raise ProblemError(Code.CONFLICT, "The draft is not there any more; deny this.") from None
    if (before.state, before.revision) != (SchemaState.DRAFT, approval.details["revision"]):
        raise ProblemError(Code.CONFLICT, "The draft was changed meanwhile; deny this and ask again.")
    after = await _enter(tx, approval.requested_by, before, SchemaState.OBSERVED, None, approval.reason)
    return {"eventName": after.event_name, "version": after.version, "state": after.state}


PUBLISH = ApprovalKind("analytics.publish", _apply)


async def _enter(
    tx: Connection,
    actor: str,
    before: EventSchemaDefinition,
    state: SchemaState,
    until: datetime | None,
    reason: str,
) -> EventSchemaDefinition:
    """Change the state; the plan is locked, and its version tells one state from the next."""
    if state is SchemaState.ENFORCED:
        row = await (await tx.execute(queries.enforced_version, {"event_name": before.event_name})).fetchone()
        if row is not None:
            earlier = await reads.lock_version(tx, before.event_name, row[0])
            end = await clock(tx) + OVERLAP
            words = f"version {before.version} is enforced instead"
            await _enter(tx, actor, earlier, SchemaState.DEPRECATED, end, words)
    plan = await (await tx.execute(queries.next_plan, {"versions": 1})).fetchone()
    assert plan is not None  # noqa: S101 - the migration puts the row there
    values = {
        "plan_version": plan[0],
        "event_name": before.event_name,
        "version": before.version,
        "state": state,
        "until": until,
        "actor": actor,
    }
    await tx.execute(queries.set_state, values)
    await tx.execute(queries.insert_state, values)
    after = await reads.version(tx, before.event_name, before.version)
    verbs = {
        SchemaState.OBSERVED: "published",
        SchemaState.ENFORCED: "enforced",
        SchemaState.DEPRECATED: "deprecated",
        SchemaState.RETIRED: "retired",
    }
    await _record(tx, actor, verbs[state], before, after, reason=reason)
    return after


def _out_of_order(now: SchemaState, wanted: SchemaState) -> str:
    only = f", only {' or '.join(sorted(_AFTER[now]))}" if _AFTER[now] else ""
    return f"It is {now}: it cannot become {wanted} from here{only}."


def _check_name(name: str) -> None:
    if name == UNPLANNED:
        raise invalid("/eventName", "the asterisk stands for events that the plan does not know")
    if name.lower() in CALLS and name not in CALLS:
        raise invalid("/eventName", f"the call is written {name.lower()}")


def _still_draft(found: EventSchemaDefinition) -> None:
    if found.state is not SchemaState.DRAFT:
        raise ProblemError(Code.CONFLICT, "It was published, and stays as it is: write a new version.")


def columns(content: EventContent) -> dict[str, Any]:
    """What is kept of it."""
    return {
        "description": content.description,
        "owners": sorted(set(content.owners)),
        "properties": Jsonb([each.model_dump(mode="json", by_alias=True) for each in content.properties]),
        "additional_properties": content.additional_properties,
        "definitions": Jsonb(content.definitions),
        "feed": None if content.feed is None else Jsonb(content.feed.model_dump(mode="json", by_alias=True)),
    }


def _snapshot(definition: EventSchemaDefinition) -> dict[str, Any]:
    return definition.model_dump(mode="json", by_alias=True)


async def _record(
    tx: Connection,
    actor: str,
    verb: str,
    before: EventSchemaDefinition | None,
    after: EventSchemaDefinition | None,
    *,
    reason: str | None = None,
) -> None:
    shown = after or before
    assert shown is not None  # noqa: S101 - something was or is there
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"analytics.schema.{verb}",
        resource_type="event_schema",
        resource_id=f"{shown.event_name} {shown.version}",
        label=f"{shown.event_name} {shown.version}",
        version=shown.revision,
        before=None if before is None else _snapshot(before),
        after=None if after is None else _snapshot(after),
        reason=reason,
    )
