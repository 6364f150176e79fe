"""What an operator does about events: mutations."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.analytics.requests import BASE, event_path
from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from models.core.topics import Topic
from models.core.wording import counted

if TYPE_CHECKING:
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from models.analytics import (
        EventContent,
        EventMode,
        EventSchemaDefinition,
        EventSchemaDraft,
        PlannedEvent,
        SchemaState,
    )
    from models.analytics.events import QuarantineGroup, QuarantineRequest, ViolationChange, ViolationGroup

PLAN, EVENTS = frozenset({Topic.TRACKING_PLAN}), frozenset({Topic.EVENTS})


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return (
        MutationSpec("violation.change", EVENTS, overlay=_violation, undo=_change_back),
        MutationSpec("schema.draft", PLAN, irreversible=True),
        MutationSpec("schema.infer", PLAN, irreversible=True),
        MutationSpec("schema.change", PLAN, irreversible=True),
        MutationSpec("schema.discard", PLAN, irreversible=True),
        # Publishing what breaks something waits for somebody else's yes.
        MutationSpec("schema.state", PLAN | {Topic.APPROVALS}, irreversible=True),
        MutationSpec("schema.mode", PLAN, irreversible=True),
        MutationSpec("radius.ask", PLAN, irreversible=True),
        MutationSpec("quarantine.replay", EVENTS, irreversible=True),
        MutationSpec("quarantine.discard", EVENTS, irreversible=True),
    )


# --- violations --------------------------------------------------------------------------------------------------


async def change_violation(
    mutations: Mutations, group: ViolationGroup, request: ViolationChange, words: str
) -> Outcome:
    """Assign, mute, say that it is fixed; ``words`` such as Fixed. Raises OperationsError, like all of these."""
    path = f"{BASE}/violations/{group.id}"
    return await mutations.submit(
        MutationRequest(
            "violation.change",
            f"{words}: {group.event_name} {group.pointer}",
            "PATCH",
            path,
            request,
            version=group.version,
            resource=f"violation:{group.id}",
            record=path,
            base=group,
        )
    )


def _violation(value: Any, fields: dict[str, Any], mutation: PendingMutation) -> Any:
    """The inbox as it will be."""
    from models.analytics.events import ViolationGroup, ViolationState

    known, changes = mutation.resource.partition(":")[2], dict[str, Any]()
    if "assignedTo" in fields:
        changes |= {"assigned_to": fields["assignedTo"], "assigned_to_name": None}
    if "state" in fields:
        until = fields.get("mutedUntil")
        changes |= {
            "state": ViolationState(fields["state"]),
            "muted_until": None if until is None else datetime.fromisoformat(until),
        }
    if not isinstance(value, tuple) or not any(isinstance(each, ViolationGroup) and each.id == known for each in value):
        return value
    return tuple(each.model_copy(update=changes) if each.id == known else each for each in value)


def _change_back(mutation: PendingMutation, answer: dict[str, Any]) -> MutationRequest | None:
    from models.analytics.events import ViolationChange, ViolationGroup

    if mutation.base is None:
        return None
    before, after = ViolationGroup.model_validate_json(mutation.base), ViolationGroup.model_validate(answer)
    fields: dict[str, Any] = {}
    if before.assigned_to != after.assigned_to:
        fields["assigned_to"] = before.assigned_to
    if (before.state, before.muted_until) != (after.state, after.muted_until):
        fields["state"] = before.state
        if before.muted_until is not None and before.state == "muted":
            fields["muted_until"] = before.muted_until
    if not fields:
        return None
    return MutationRequest(
        "violation.change",
        f"As it was: {after.event_name} {after.pointer}",
        "PATCH",
        mutation.path,
        ViolationChange(**fields),
        version=after.version,
        resource=mutation.resource,
        record=mutation.path,
    )


# --- the plan ----------------------------------------------------------------------------------------------------


async def write_draft(mutations: Mutations, request: EventSchemaDraft) -> Outcome:
    """Begin a new version of an event, which may be the first."""
    words = f"New draft: {request.event_name}"
    return await mutations.submit(MutationRequest("schema.draft", words, "POST", f"{BASE}/schema", request))


async def infer(mutations: Mutations, event_name: str, days: int) -> Outcome:
    """Write a draft by the shape of the events that came in."""
    from models.analytics.events import InferRequest

    body = InferRequest(event_name=event_name, days=days)
    words = f"Draft from what came in: {event_name}"
    return await mutations.submit(MutationRequest("schema.infer", words, "POST", f"{BASE}/infer", body))


async def change_draft(mutations: Mutations, draft: EventSchemaDefinition, request: EventContent) -> Outcome:
    """Put another content into a draft."""
    return await mutations.submit(_of_version(draft, "change", "Changed draft", "PUT", "", request))


async def discard_draft(mutations: Mutations, draft: EventSchemaDefinition) -> Outcome:
    """Give a draft up."""
    return await mutations.submit(_of_version(draft, "discard", "Discarded draft", "DELETE"))


async def change_state(
    mutations: Mutations, version: EventSchemaDefinition, state: SchemaState, reason: str, until: datetime | None = None
) -> Outcome:
    """Publish, enforce, deprecate or retire a version; the answer may be an approval that waits."""
    from models.analytics import SchemaState as State
    from models.analytics import StateRequest

    verbs = {
        State.OBSERVED: "Publish",
        State.ENFORCED: "Enforce",
        State.DEPRECATED: "Deprecate",
        State.RETIRED: "Retire",
    }
    body = (
        StateRequest(state=state, reason=reason)
        if until is None
        else StateRequest(state=state, until=until, reason=reason)
    )
    return await mutations.submit(_of_version(version, "state", verbs[state], "POST", "/state", body))


def _of_version(
    version: EventSchemaDefinition, kind: str, words: str, method: str, below: str = "", body: Any = None
) -> MutationRequest:
    path = event_path(version.event_name, version.version)
    return MutationRequest(
        f"schema.{kind}",
        f"{words}: {version.event_name} {version.version}",
        method,
        f"{path}{below}",
        body,
        version=version.revision,
        resource=f"event_schema:{version.event_name} {version.version}",
        record=path,
        base=version,
    )


async def set_mode(mutations: Mutations, event: PlannedEvent, mode: EventMode, reason: str) -> Outcome:
    """Say what happens here to events that do not fit."""
    from models.analytics import ModeRequest

    body = ModeRequest(event_name=event.event_name, mode=mode, version=event.mode_version, reason=reason)
    words = f"Mode of {event.event_name}: {mode}"
    return await mutations.submit(
        MutationRequest(
            "schema.mode", words, "POST", f"{BASE}/modes", body, resource=f"event_mode:{event.event_name}", base=event
        )
    )


async def ask_radius(mutations: Mutations, draft: EventSchemaDefinition, days: int) -> Outcome:
    """Have past events judged by a draft; nothing happens to them."""
    from models.analytics.changes import RadiusRequest

    body = RadiusRequest(event_name=draft.event_name, version=draft.version, days=days)
    words = f"Blast radius: {draft.event_name} {draft.version}, {counted(days, 'day')}"
    return await mutations.submit(MutationRequest("radius.ask", words, "POST", f"{BASE}/radius", body))


# --- what is held ------------------------------------------------------------------------------------------------


def cause_of(group: QuarantineGroup) -> QuarantineRequest:
    """The events of a group, as the server is asked about them."""
    from models.analytics.events import QuarantineRequest

    return QuarantineRequest(**_cause(group))


def _cause(group: QuarantineGroup) -> dict[str, Any]:
    return {
        "event_name": group.event_name,
        "violation_class": group.violation_class,
        "pointer": group.pointer,
        "schema_version": group.schema_version,
    }


async def replay(mutations: Mutations, group: QuarantineGroup, reason: str) -> Outcome:
    """Judge the events of one cause again, and let those land that fit now."""
    from models.analytics.events import ReplayRequest

    words = f"Replay: {counted(group.held, 'event')} of {group.event_name}"
    body = ReplayRequest(**_cause(group), reason=reason)
    return await mutations.submit(
        MutationRequest("quarantine.replay", words, "POST", f"{BASE}/quarantine/replay", body, base=group)
    )


async def discard(mutations: Mutations, group: QuarantineGroup, reason: str) -> Outcome:
    """Delete the events of one cause for good."""
    from models.analytics.events import DiscardRequest

    words = f"Discard: {counted(group.held, 'event')} of {group.event_name}"
    body = DiscardRequest(**_cause(group), reason=reason)
    return await mutations.submit(
        MutationRequest("quarantine.discard", words, "POST", f"{BASE}/quarantine/discard", body, base=group)
    )


def is_done(answer: dict[str, Any]) -> bool:
    """Whether what was asked for is done: otherwise the answer is an approval that waits for somebody."""
    return "approvalId" not in answer
