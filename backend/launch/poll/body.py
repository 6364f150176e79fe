"""What a poll was decided upon, as its closing audit entry seals it: every item by its hash, every list by its order.

Decimals and instants are text with six digits, so that one value has one spelling.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backend.core.database import Connection
from backend.launch.checklist import reads as checklist
from backend.launch.clock import reads as clocks
from models.audit.proofs import encode
from models.launch import Launch
from models.launch.checklist import LaunchChecklistItem
from models.launch.clock import ClockEvent
from models.launch.criteria import Evidence
from models.launch.poll import Choice, Poll, RollCallVote

LISTS = {
    "rollCall": "role",
    "checklist": "key",
    "evidence": "key",
    "waivers": "item",
    "overrides": "role",
    "clock": "seq",
}
"""Lists of a record, and the field whose value names each of their items."""


def instant(at: datetime | None) -> str | None:
    """An instant as text."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def decimal(value: float | None) -> str | None:
    """A decimal as text."""
    return None if value is None else f"{value:.6f}"


async def build(
    connection: Connection,
    launch: Launch,
    poll: Poll,
    votes: Sequence[RollCallVote],
    evidence: Sequence[Evidence],
    *,
    verdict: Choice,
    at: datetime,
    by: str,
) -> dict[str, Any]:
    """All that a poll of a launch was decided upon, at the instant it closes."""
    events = await clocks.events(connection, launch.launch_id)
    now = clocks.clock_of(events, launch.points, at)
    items = await checklist.items_of(connection, launch, now, checklist.inside_of(evidence))
    return {
        "launch": {
            "id": launch.launch_id,
            "poll": poll.poll_id,
            "round": poll.round,
            "title": launch.title,
            "zone": launch.zone,
            "rehearsalOf": launch.rehearsal_of,
            "reading": decimal(now.reading.total_seconds()),
        },
        "question": poll.question,
        "opened": {"at": instant(poll.opened_at), "by": poll.opened_by},
        "closed": {"at": instant(at), "by": by},
        "verdict": {"word": verdict, "evidenceVersion": poll.evidence_version},
        "rollCall": [vote(each) for each in votes],
        "checklist": [item(each) for each in items],
        "evidence": [figure(each) for each in evidence],
        "waivers": [_waiver(each) for each in items if each.waiver is not None],
        "overrides": [_override(each) for each in votes if each.override is not None],
        "clock": [_event(each) for each in events],
    }


def seal(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the closing entry says of a record: that lets a verifier name an item, and notice one that is left out."""
    items = {name: _hash(value) for name, value in record.items() if name not in LISTS}
    order = {}
    for name, key in LISTS.items():
        order[name] = [str(each[key]) for each in record[name]]
        items |= {f"{name}/{each[key]}": _hash(each) for each in record[name]}
    return {"format": "opsconsole-launch-record/1", "items": items, "order": order}


def _hash(value: Any) -> str:
    return hashlib.sha256(encode(value).encode()).hexdigest()


def vote(each: RollCallVote) -> dict[str, Any]:
    """A role in the roll-call."""
    return {
        "role": each.role,
        "name": each.name,
        "director": each.director,
        "choice": each.choice,
        "standing": each.standing,
        "person": each.person,
        "reason": each.reason,
        "at": instant(each.at),
        "secondFactorAt": instant(each.second_factor_at),
        "delegatedBy": each.delegated_by,
        "evidenceVersion": each.evidence_version,
        "overridden": each.override is not None,
        "version": each.version,
    }


def figure(each: Evidence) -> dict[str, Any]:
    """A bound figure with its age."""
    age = None if each.data_through is None else (each.evaluated_at - each.data_through).total_seconds()
    return {
        "key": each.key,
        "criterion": each.criterion,
        "label": each.label,
        "value": decimal(each.value),
        "low": decimal(each.low),
        "high": decimal(each.high),
        "unit": each.unit,
        "dataThrough": instant(each.data_through),
        "ageSeconds": decimal(age),
        "evaluatedAt": instant(each.evaluated_at),
        "verdict": each.verdict,
        "binds": list(each.binds),
    }


def item(each: LaunchChecklistItem) -> dict[str, Any]:
    """An item of the checklist."""
    plan = each.contingency
    return {
        "key": each.key,
        "category": each.category,
        "description": each.description,
        "ownerRole": each.owner_role,
        "due": decimal(each.due),
        "blocking": each.blocking,
        "automatic": each.automatic,
        "late": each.late_seconds is not None,
        "status": each.status,
        "notes": each.notes,
        "completedAt": instant(each.completed_at),
        "completedBy": each.completed_by,
        "evidence": [link.model_dump() for link in each.evidence],
        "criteria": list(each.criteria),
        "contingency": None if plan is None else plan.title,
    }


def _waiver(each: LaunchChecklistItem) -> dict[str, Any]:
    waiver = each.waiver
    assert waiver is not None  # noqa: S101 - asked for of waived items only
    return {
        "item": each.key,
        "reason": waiver.reason,
        "until": instant(waiver.until),
        "askedBy": waiver.asked_by,
        "approver": waiver.approver,
        "at": instant(waiver.at),
    }


def _override(each: RollCallVote) -> dict[str, Any]:
    override = each.override
    assert override is not None  # noqa: S101 - asked for of overridden votes only
    return {
        "role": each.role,
        "reason": override.reason,
        "askedBy": override.asked_by,
        "approvedBy": override.approved_by,
        "at": instant(override.at),
    }


def _event(each: ClockEvent) -> dict[str, Any]:
    return {
        "seq": each.seq,
        "at": instant(each.at),
        "kind": each.kind,
        "reading": decimal(each.reading),
        "hold": each.hold,
        "by": each.by,
        "reason": each.reason,
        "exitCriteria": each.exit_criteria,
    }
