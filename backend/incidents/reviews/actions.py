"""Writing reviews, approving and publishing them; action items, and alerts about what is overdue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.capability import Audiences
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError, same_version
from backend.core.settings import Settings
from backend.incidents.records.actions import label_of, lock, record_incident, write
from backend.incidents.records.reads import incident, known_person
from backend.incidents.reviews import queries, reads
from models.alerts import Severity
from models.core.problems import Code
from models.incidents import CLOSED, IncidentRecord, IncidentStatus
from models.incidents.reviews import (
    ActionItem,
    ActionItemChange,
    ActionItemDraft,
    IncidentReview,
    ReviewChange,
    ReviewState,
    ReviewVerdict,
)

ACTIONS: Final = "incidents.actions"
REVIEWS: Final = "incidents.reviews"
"""Sources of alerts about what is overdue."""

_aside = SetAside("incident reviews")


async def begin(tx: Connection, *, actor: str, incident_id: UUID, audiences: Audiences) -> IncidentReview:
    """Begin the review of an incident, filled with what the records say. There already: that one. Not closed: 409."""
    found = await lock(tx, incident_id)
    if found.status not in CLOSED:
        raise ProblemError(Code.CONFLICT, f"{found.reference} is not resolved yet: it is reviewed afterwards.")
    values = {"incident_id": incident_id, "actor": actor, **await _beginning(tx, found)}
    if await (await tx.execute(queries.insert_review, values)).fetchone() is None:
        audit_trail.nothing_changed()
        return await reads.review(tx, incident_id, audiences)
    after = await reads.review(tx, incident_id, audiences)
    await _record(tx, actor, "begun", found, None, after)
    return after


async def change(
    tx: Connection, *, actor: str, incident_id: UUID, version: int, request: ReviewChange, audiences: Audiences
) -> IncidentReview:
    """Change what it says; who does has written it, and does not approve it. Published: 409. Stale: 412."""
    before = await _lock(tx, incident_id, audiences)
    same_version(before.version, version)
    if before.state is ReviewState.PUBLISHED:
        raise ProblemError(Code.CONFLICT, "This review is published: what was learnt since belongs into a note.")
    changes: dict[str, Any] = {name: getattr(request, name) for name in request.model_fields_set}
    if before.model_copy(update=changes) == before:
        audit_trail.nothing_changed()
        return before
    editors = before.editors if actor in before.editors else (*before.editors, actor)
    draft = {"state": ReviewState.DRAFT, "submitted_at": None, "approved_by": None, "approved_at": None}
    await _keep_evidence(tx, None, incident_id)
    return await _write(tx, actor, "changed", before, {**changes, **draft, "editors": editors}, audiences)


async def submit(
    tx: Connection, *, actor: str, incident_id: UUID, version: int, audiences: Audiences
) -> IncidentReview:
    """Ask somebody else to approve it. It says too little: 409. Submitted already: nothing changes. Stale: 412."""
    before = await _lock(tx, incident_id, audiences)
    if before.state is ReviewState.SUBMITTED:
        audit_trail.nothing_changed()
        return before
    same_version(before.version, version)
    if before.state is not ReviewState.DRAFT:
        raise ProblemError(Code.CONFLICT, f"This review is {before.state} already.")
    if missing := [name for name in ("summary", "impact") if not getattr(before, name).strip()]:
        raise ProblemError(Code.CONFLICT, f"The {' and the '.join(missing)} are empty: nobody could approve that.")
    if not before.factors:
        raise ProblemError(Code.CONFLICT, "No contributing factor is named: a review says why it happened.")
    await _keep_evidence(tx, before, incident_id)  # what is approved is what is published
    changes = {"state": ReviewState.SUBMITTED, "submitted_at": await clock(tx)}
    return await _write(tx, actor, "submitted", before, changes, audiences)


async def decide(
    tx: Connection, *, actor: str, incident_id: UUID, version: int, request: ReviewVerdict, audiences: Audiences
) -> IncidentReview:
    """Approve it, or send it back. By somebody who has written a part of it: 403. Not submitted: 409. Stale: 412."""
    before = await _lock(tx, incident_id, audiences)
    if before.state is ReviewState.APPROVED and request.approve and before.approved_by == actor:
        audit_trail.nothing_changed()
        return before
    same_version(before.version, version)
    if before.state is not ReviewState.SUBMITTED:
        raise ProblemError(Code.CONFLICT, f"This review is {before.state}: there is nothing to decide.")
    if actor in before.editors:
        raise ProblemError(
            Code.PERMISSION_MISSING, "You have written a part of this review: somebody else approves it."
        )
    comment = request.comment.strip() or None
    if not request.approve:
        changes: dict[str, object] = {"state": ReviewState.DRAFT, "submitted_at": None}
        await _keep_evidence(tx, None, incident_id)
        return await _write(tx, actor, "sent_back", before, changes, audiences, reason=comment)
    changes = {"state": ReviewState.APPROVED, "approved_by": actor, "approved_at": await clock(tx)}
    return await _write(tx, actor, "approved", before, changes, audiences, reason=comment)


async def publish(
    tx: Connection, *, actor: str, incident_id: UUID, version: int, audiences: Audiences
) -> IncidentReview:
    """Publish it; the incident is reviewed then. Not approved: 409. Published already: nothing changes. Stale: 412."""
    found = await lock(tx, incident_id)
    before = await _lock(tx, incident_id, audiences)
    if before.state is ReviewState.PUBLISHED:
        audit_trail.nothing_changed()
        return before
    same_version(before.version, version)
    if before.state is not ReviewState.APPROVED:
        raise ProblemError(Code.CONFLICT, "This review is not approved yet.")
    if found.status not in CLOSED:
        raise ProblemError(Code.CONFLICT, f"{found.reference} was opened again: resolve it first.")
    now = await clock(tx)
    changes = {"state": ReviewState.PUBLISHED, "published_at": now}
    after = await _write(tx, actor, "published", before, changes, audiences)
    reviewed = await write(tx, found, {"status": IncidentStatus.REVIEWED, "reviewed_at": now}, at=now)
    await record_incident(tx, actor, "reviewed", found, reviewed)
    await clear_condition(tx, source=REVIEWS, key=found.incident_id, actor=actor)
    return after


# --- action items


async def add_action(tx: Connection, *, actor: str, incident_id: UUID, request: ActionItemDraft) -> ActionItem:
    """Somebody is to do something until a day. Nobody known: 422."""
    found = await lock(tx, incident_id)
    await known_person(tx, request.owner, "/owner")
    values = request.model_dump() | {"incident_id": incident_id, "link": request.link or "", "actor": actor}
    row = await (await tx.execute(queries.insert_action, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    after = await reads.action(tx, row[0])
    await _record_action(tx, actor, "added", found, None, after)
    return after


async def change_action(
    tx: Connection, *, actor: str, action_id: UUID, version: int, request: ActionItemChange
) -> ActionItem:
    """Change what is named, or say that it is done. Nobody known: 422. Stale: 412."""
    row = await (await tx.execute(queries.lock_action, {"action_id": action_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, reads.NO_ACTION)
    before = await reads.action(tx, action_id)
    same_version(before.version, version)
    changes: dict[str, Any] = {name: getattr(request, name) for name in request.model_fields_set - {"done"}}
    if "link" in changes:
        changes["link"] = changes["link"] or ""
    if "owner" in changes and changes["owner"] != before.owner:
        await known_person(tx, changes["owner"], "/owner")
    if request.done is not None and request.done is (before.done_at is None):
        changes |= {"done_at": await clock(tx) if request.done else None, "done_by": actor if request.done else None}
    wanted = before.model_copy(update=changes)
    if wanted == before:
        audit_trail.nothing_changed()
        return before
    await tx.execute(queries.update_action, wanted.model_dump())
    after = await reads.action(tx, action_id)
    verb = "changed" if before.done_at == after.done_at else "done" if after.done_at else "reopened"
    await _record_action(tx, actor, verb, await incident(tx, row[0]), before, after)
    if not after.overdue:
        await clear_condition(tx, source=ACTIONS, key=after.action_id, actor=actor)
    return after


async def watch(database: Database, _settings: Settings) -> None:
    """Keep an alert for each action item and each review that is overdue, and for no other; a turn of the worker."""
    async with database.transaction() as tx:
        items = await (await tx.execute(queries.overdue_actions)).fetchall()
        await _aside.each(tx, items, lambda row: _raise_for_action(tx, *row), key=lambda row: row[0])
        await _clear_others(tx, ACTIONS, {row[0] for row in items})
        due = await (await tx.execute(queries.overdue_reviews)).fetchall()
        await _aside.each(tx, due, lambda row: _raise_for_review(tx, *row), key=lambda row: row[0])
        await _clear_others(tx, REVIEWS, {row[0] for row in due})


async def _raise_for_action(tx: Connection, action_id: str, reference: str, title: str, owner: str, due: Any) -> None:
    await raise_alert(
        tx,
        source=ACTIONS,
        key=action_id,
        title=f"{reference}: {title} is overdue",
        severity=Severity.P4,
        guidance=f"{owner} was to have done it by {due}.\nAsk whether it is done, or give it another day.",
    )


async def _raise_for_review(tx: Connection, incident_id: str, reference: str, title: str, due: Any) -> None:
    await raise_alert(
        tx,
        source=REVIEWS,
        key=incident_id,
        title=f"{reference}: the review is overdue",
        severity=Severity.P4,
        guidance=f"The review of {title} was due on {due:%Y-%m-%d}.\nFinish it and have somebody approve it.",
    )


async def _clear_others(tx: Connection, source: str, overdue: set[str]) -> None:
    rows = await (await tx.execute(queries.alerted, {"source": source})).fetchall()
    for (key,) in rows:
        if key not in overdue:
            await clear_condition(tx, source=source, key=key)


# --- rows


async def _beginning(tx: Connection, found: IncidentRecord) -> Mapping[str, str]:
    """What a review begins with: what is known, in sentences to go on from."""
    figures = await reads.figures(tx, UUID(found.incident_id))
    end = found.resolved_at or await clock(tx)
    lines = [f"Alerts that belonged to it: {figures.alerts}."] if figures.alerts else []
    lines += [
        f"{each.title}: {each.worst:g} at its worst, the limit was {each.limit:g}."
        for each in figures.figures
        if each.worst is not None and each.limit is not None
    ]
    affected = "Nobody has counted how many customers were affected."
    if found.customers_affected is not None:
        affected = f"{found.customers_affected:,} customers were affected."
    return {
        "summary": f"{found.description}\n\n{found.severity}, from {found.started_at:%Y-%m-%d %H:%M} to "
        f"{end:%Y-%m-%d %H:%M UTC}.",
        "impact": "\n".join([affected, *lines]),
        "detection": f"Detected {_minutes(figures.detect_seconds)} after the impact began, by "
        f"{'an alert' if found.origin != 'manual' else 'a person'}.",
        "response": f"Acknowledged after {_minutes(figures.acknowledge_seconds)}, mitigated after "
        f"{_minutes(figures.mitigate_seconds)}, resolved after {_minutes(figures.resolve_seconds)}. "
        f"Updates posted: {figures.updates}, late: {figures.updates_late}.",
    }


def _minutes(seconds: float | None) -> str:
    return "a time nobody noted" if seconds is None else f"{seconds / 60:.0f} min"


async def _lock(tx: Connection, incident_id: UUID, audiences: Audiences) -> IncidentReview:
    if await (await tx.execute(queries.lock_review, {"incident_id": incident_id})).fetchone() is None:
        raise ProblemError(Code.NOT_FOUND, reads.NO_REVIEW)
    return await reads.review(tx, incident_id, audiences)


async def _keep_evidence(tx: Connection, review: IncidentReview | None, incident_id: UUID) -> None:
    """Figures and moments stay as they are; with ``None`` they are what the records say again."""
    values: dict[str, Any] = {"incident_id": incident_id, "figures": None, "moments": None}
    if review is not None:
        values["figures"] = Jsonb(review.figures.model_dump(mode="json", by_alias=True))
        values["moments"] = Jsonb([each.model_dump(mode="json", by_alias=True) for each in review.moments])
    await tx.execute(queries.keep_evidence, values)


async def _write(
    tx: Connection,
    actor: str,
    verb: str,
    before: IncidentReview,
    changes: Mapping[str, Any],
    audiences: Audiences,
    *,
    reason: str | None = None,
) -> IncidentReview:
    wanted = before.model_copy(update=dict(changes))
    factors = [factor.model_dump(mode="json", by_alias=True) for factor in wanted.factors]
    values = wanted.model_dump(exclude={"figures", "moments"})
    await tx.execute(queries.update_review, values | {"factors": Jsonb(factors), "editors": list(wanted.editors)})
    incident_id = UUID(before.incident_id)
    after = await reads.review(tx, incident_id, audiences)
    await _record(tx, actor, verb, await incident(tx, incident_id), before, after, reason=reason)
    return after


async def _record(
    tx: Connection,
    actor: str,
    verb: str,
    of: IncidentRecord,
    before: IncidentReview | None,
    after: IncidentReview,
    *,
    reason: str | None = None,
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"incidents.review.{verb}",
        resource_type="incident_review",
        resource_id=of.incident_id,
        label=label_of(of),
        version=after.version,
        before=None if before is None else _snapshot(before),
        after=_snapshot(after),
        reason=reason,
    )


async def _record_action(
    tx: Connection, actor: str, verb: str, of: IncidentRecord, before: ActionItem | None, after: ActionItem
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"incidents.action.{verb}",
        resource_type="incident_review",
        resource_id=of.incident_id,
        label=label_of(of),
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=after.model_dump(mode="json", by_alias=True),
    )


def _snapshot(review: IncidentReview) -> dict[str, Any]:
    return review.model_dump(mode="json", by_alias=True)
