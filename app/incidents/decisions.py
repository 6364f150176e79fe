"""What an operator does with incidents, as mutations.

Who is paged, told and given a role is not decided on an old picture: without the server only notes are kept for later,
with the instant at which they were written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from app.incidents.domain import ATTACHED, REVIEWS, TOPICS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from models.core.base import Request
    from models.incidents import (
        IncidentChange,
        IncidentDraft,
        IncidentRecord,
        IncidentRole,
        IncidentSeverity,
        IncidentUpdateRequest,
        KeyTimesChange,
    )
    from models.incidents.reviews import ActionItem, ActionItemChange, ActionItemDraft, IncidentReview, ReviewChange
    from models.incidents.timeline import TimelineEntry
    from models.incidents.updates import UpdateDraft

BASE = "/api/operations/incidents"
NOTE = "incident.note"
_ROLES = {"commander": "commander", "communications": "communications lead", "scribe": "scribe"}


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    told = ("open", "from_alert", "page", "post", "merge", "attach", "detach", "join", "leave")
    changed = ("change", "times", "role", "move")
    review = ("begin", "change", "submit", "decide", "publish")
    return (
        *(MutationSpec(f"incident.{verb}", ATTACHED, irreversible=True) for verb in told),
        *(MutationSpec(f"incident.{verb}", TOPICS, irreversible=True, overlay=_changed) for verb in changed),
        MutationSpec(NOTE, TOPICS),
        MutationSpec("incident.pin", TOPICS),
        MutationSpec("incident.correct", TOPICS),
        *(MutationSpec(f"incident_review.{verb}", REVIEWS, irreversible=True) for verb in review),
        MutationSpec("incident_action.add", REVIEWS, irreversible=True),
        MutationSpec("incident_action.change", REVIEWS),
    )


async def open_incident(mutations: Mutations, draft: IncidentDraft) -> Outcome:
    """Open an incident; whoever is on call for its severity is paged. Raises OperationsError, like all of these."""
    words = f"Opened a {draft.severity}: {draft.title or draft.description.splitlines()[0]}"
    return await mutations.submit(MutationRequest("incident.open", words, "POST", BASE, draft))


async def open_from_alert(
    mutations: Mutations, alert_id: str, title: str, severity: IncidentSeverity | None = None
) -> Outcome:
    """Open one out of an alert, or answer the open one it belongs to."""
    from models.incidents import AlertIncident

    body = AlertIncident(alert_id=alert_id) if severity is None else AlertIncident(alert_id=alert_id, severity=severity)
    words = f"Opened an incident of “{title}”"
    return await mutations.submit(MutationRequest("incident.from_alert", words, "POST", f"{BASE}/from-alert", body))


async def move_on(mutations: Mutations, incident: IncidentRecord, request: IncidentUpdateRequest) -> Outcome:
    """Say how far it has come, what was done, or both."""
    words = (
        f"{incident.reference} is {request.status}"
        if request.status
        else f"Noted what was done in {incident.reference}"
    )
    return await _versioned(mutations, "incident.move", words, incident, "POST", "/update", request)


async def change(mutations: Mutations, incident: IncidentRecord, request: IncidentChange) -> Outcome:
    """Change what it is; a worse severity pages anew."""
    words = f"{incident.reference} is {request.severity} now" if request.severity else f"Changed {incident.reference}"
    return await _versioned(mutations, "incident.change", words, incident, "PATCH", "", request)


async def change_times(mutations: Mutations, incident: IncidentRecord, request: KeyTimesChange) -> Outcome:
    """Other key times; those before stay in the log."""
    words = f"Changed key times of {incident.reference}"
    return await _versioned(mutations, "incident.times", words, incident, "POST", "/times", request)


async def hand_over(
    mutations: Mutations, incident: IncidentRecord, role: IncidentRole, person: tuple[str, str] | None, reason: str
) -> Outcome:
    """Give a role to somebody, hand it over, or take it back; ``person`` is id and name."""
    from models.incidents import RoleRequest

    words = f"{person[1] if person else 'Nobody'} is {_ROLES[role]} of {incident.reference}"
    request = RoleRequest(role=role, user_id=person[0] if person else None, reason=reason)
    return await _versioned(mutations, "incident.role", words, incident, "POST", "/roles", request)


async def merge(mutations: Mutations, incident: IncidentRecord, into: IncidentRecord, reason: str) -> Outcome:
    """Say that it is a part of another one."""
    from models.incidents import MergeRequest

    words = f"Merged {incident.reference} into {into.reference}"
    request = MergeRequest(into=into.incident_id, reason=reason)
    return await _versioned(mutations, "incident.merge", words, incident, "POST", "/merge", request)


async def take_part(mutations: Mutations, incident: IncidentRecord, person: tuple[str, str], reason: str) -> Outcome:
    """Somebody works on it from now on."""
    from models.incidents import ParticipantRequest

    request, words = ParticipantRequest(user_id=person[0], reason=reason), f"{person[1]} works on {incident.reference}"
    return await _plain(mutations, "incident.join", words, incident, "POST", "/participants", request)


async def leave(mutations: Mutations, incident: IncidentRecord, person: tuple[str, str], reason: str) -> Outcome:
    """Somebody works on it no longer."""
    from models.incidents import LeaveRequest

    words, path = f"{person[1]} works on {incident.reference} no longer", f"/participants/{person[0]}"
    return await _plain(mutations, "incident.leave", words, incident, "DELETE", path, LeaveRequest(reason=reason))


async def page(mutations: Mutations, incident: IncidentRecord, policy: tuple[str, str], reason: str) -> Outcome:
    """Page an escalation policy for it; ``policy`` is id and name."""
    from models.incidents import PageRequest

    request, words = PageRequest(policy_id=policy[0], reason=reason), f"Paged {policy[1]} for {incident.reference}"
    return await _plain(mutations, "incident.page", words, incident, "POST", "/page", request)


async def attach(mutations: Mutations, incident: IncidentRecord, alert_ids: Sequence[str]) -> Outcome:
    """Attach alerts; later ones of their groups join by themselves."""
    from models.core.wording import counted
    from models.incidents import AttachAlerts

    words = f"Attached {counted(len(alert_ids), 'alert')} to {incident.reference}"
    request = AttachAlerts(alert_ids=tuple(alert_ids))
    return await _plain(mutations, "incident.attach", words, incident, "POST", "/alerts", request)


async def detach(mutations: Mutations, incident: IncidentRecord, alert_id: str, title: str) -> Outcome:
    """Say that an alert has nothing to do with it."""
    words = f"“{title}” is not part of {incident.reference}"
    return await _plain(mutations, "incident.detach", words, incident, "DELETE", f"/alerts/{alert_id}")


async def post_update(mutations: Mutations, incident: IncidentRecord, draft: UpdateDraft) -> Outcome:
    """Tell everybody outside, by the channels chosen."""
    words = f"Posted update {incident.updates + 1} of {incident.reference}"
    return await _plain(mutations, "incident.post", words, incident, "POST", "/updates", draft)


async def note(mutations: Mutations, incident: IncidentRecord, text: str, at: datetime) -> Outcome:
    """Note what the log does not know, with when it happened; kept for later while the server cannot be heard."""
    from models.incidents.timeline import NoteDraft

    request = NoteDraft(text=text, occurred_at=at)
    return await _plain(mutations, NOTE, f"Noted in {incident.reference}", incident, "POST", "/notes", request)


async def pin(mutations: Mutations, incident: IncidentRecord, entry: TimelineEntry, *, pinned: bool) -> Outcome:
    """Say that an entry tells the story, or no longer does."""
    from models.incidents.timeline import EntryPin

    words = "Pinned an entry" if pinned else "Unpinned an entry"
    path = f"/timeline/{entry.position}/pin"
    return await _plain(mutations, "incident.pin", words, incident, "POST", path, EntryPin(pinned=pinned))


async def correct(
    mutations: Mutations, incident: IncidentRecord, entry: TimelineEntry, text: str, at: datetime | None
) -> Outcome:
    """Say what is right about an entry; the entry stays."""
    from models.incidents.timeline import EntryCorrection

    request = EntryCorrection(text=text) if at is None else EntryCorrection(text=text, occurred_at=at)
    path = f"/timeline/{entry.position}/correct"
    return await _plain(mutations, "incident.correct", "Corrected an entry", incident, "POST", path, request)


# --- reviews ---------------------------------------------------------------------------------------------------------


async def begin_review(mutations: Mutations, incident: IncidentRecord) -> Outcome:
    """Begin its review, filled with what the records say."""
    words = f"Began the review of {incident.reference}"
    return await _plain(mutations, "incident_review.begin", words, incident, "POST", "/review")


async def change_review(mutations: Mutations, review: IncidentReview, request: ReviewChange) -> Outcome:
    """Change what it says; it is a draft then."""
    return await _of_review(
        mutations, "change", f"Changed the review of {review.reference}", review, "PATCH", "", request
    )


async def submit_review(mutations: Mutations, review: IncidentReview) -> Outcome:
    """Ask somebody else to approve it."""
    words = f"The review of {review.reference} waits for approval"
    return await _of_review(mutations, "submit", words, review, "POST", "/submit")


async def decide_review(mutations: Mutations, review: IncidentReview, comment: str, *, approve: bool) -> Outcome:
    """Approve it, or send it back with what is missing."""
    from models.incidents.reviews import ReviewVerdict

    words = f"{'Approved' if approve else 'Sent back'} the review of {review.reference}"
    request = ReviewVerdict(approve=approve, comment=comment)
    return await _of_review(mutations, "decide", words, review, "POST", "/decision", request)


async def publish_review(mutations: Mutations, review: IncidentReview) -> Outcome:
    """Publish it: the incident is reviewed."""
    return await _of_review(
        mutations, "publish", f"Published the review of {review.reference}", review, "POST", "/publish"
    )


async def add_action(mutations: Mutations, incident_id: str, draft: ActionItemDraft) -> Outcome:
    """Somebody is to do something so that it does not come back."""
    words, path = f"Added “{draft.title}”", f"{BASE}/{incident_id}/actions"
    return await mutations.submit(MutationRequest("incident_action.add", words, "POST", path, draft))


async def change_action(mutations: Mutations, item: ActionItem, request: ActionItemChange) -> Outcome:
    """Change an action item, or say that it is done."""
    done = "Changed" if request.done is None else "Done with" if request.done else "Opened again"
    return await mutations.submit(
        MutationRequest(
            "incident_action.change",
            f"{done} “{item.title}”",
            "PATCH",
            f"{BASE}/actions/{item.action_id}",
            request,
            version=item.version,
            resource=f"incident_action:{item.action_id}",
            base=item,
        )
    )


# --- how -------------------------------------------------------------------------------------------------------------


async def _versioned(
    mutations: Mutations, kind: str, words: str, incident: IncidentRecord, method: str, path: str, request: Request
) -> Outcome:
    where = f"{BASE}/{incident.incident_id}"
    return await mutations.submit(
        MutationRequest(
            kind,
            words,
            method,
            f"{where}{path}",
            request,
            version=incident.version,
            resource=f"incident:{incident.incident_id}",
            record=where,
            base=incident,
        )
    )


async def _plain(
    mutations: Mutations,
    kind: str,
    words: str,
    incident: IncidentRecord,
    method: str,
    path: str,
    request: Request | None = None,
) -> Outcome:
    known = incident.incident_id
    where = f"{BASE}/{known}{path}"
    return await mutations.submit(MutationRequest(kind, words, method, where, request, resource=f"incident:{known}"))


async def _of_review(
    mutations: Mutations,
    verb: str,
    words: str,
    review: IncidentReview,
    method: str,
    path: str,
    request: Request | None = None,
) -> Outcome:
    where = f"{BASE}/{review.incident_id}/review"
    return await mutations.submit(
        MutationRequest(
            f"incident_review.{verb}",
            words,
            method,
            f"{where}{path}",
            request,
            version=review.version,
            resource=f"incident_review:{review.incident_id}",
            record=where,
            base=review,
        )
    )


def _changed(value: Any, fields: dict[str, Any], mutation: PendingMutation) -> Any:
    """An incident, or a list of them, as it will be: its severity, status and title are on many screens."""
    from models.incidents import IncidentRecord

    known = mutation.resource.partition(":")[2]
    changes = {name: fields[name] for name in ("severity", "status", "title") if fields.get(name)}
    if not changes:
        return value

    def after(one: Any) -> Any:
        if not isinstance(one, IncidentRecord) or one.incident_id != known:
            return one
        return IncidentRecord.model_validate(one.model_dump() | changes)

    if isinstance(value, tuple):
        return tuple(after(one) for one in value) if any(after(one) is not one for one in value) else value
    return after(value)
