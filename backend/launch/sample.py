"""Launches of the sample shop: one tomorrow, at T-18 h, and one that is done, with its poll and what proves it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, load_queries
from backend.core.json import dumps
from backend.core.sample_shop import SampleShop
from backend.launch.checklist import actions as checklist
from backend.launch.clock.fold import Clock, Event, first_reading, fold
from backend.launch.evidence import bound
from backend.launch.launches.reads import launch as find
from backend.launch.lifecycle.actions import begin
from backend.launch.poll import actions, body, reads
from backend.launch.templates import reads as templates
from models.launch import Launch, LaunchDraft
from models.launch.clock import ClockEventKind
from models.launch.criteria import CriterionUnit, Evidence, EvidenceVerdict
from models.launch.poll import Choice

queries = load_queries(__package__, "sample.sql")

TEMPLATE = "product-launch"
DIRECTOR = "tomas"
PEOPLE = {
    "operations-lead": "mei",
    "support-lead": "rui",
    "risk-manager": "ada",
    "compliance-officer": "jana",
    "incident-responder": "mei",
    "launch-director": DIRECTOR,
}
AHEAD = timedelta(hours=18)
BEHIND = timedelta(days=6)
LATE = timedelta(minutes=4)
"""By so much the first planned hold of the launch that is done was longer than planned."""
VALUES = {"backup": 31_260.0, "downloads-failed": 0.021, "rule-set": 1.0, "runbooks": 8_553_600.0, "review-queue": 37.0}


async def create(tx: Connection, _shop: SampleShop) -> None:
    """Make both."""
    now = await clock(tx)
    await _coming(tx, now)
    await _done(tx, now)


async def _coming(tx: Connection, now: datetime) -> None:
    content = (await templates.template(tx, TEMPLATE)).content
    holds = sum((timedelta(seconds=point.seconds) for point in content.points), timedelta())
    request = LaunchDraft(
        template_key=TEMPLATE,
        title="Winter release: Turboprop 42",
        short_title="Turboprop 42",
        zone="Europe/Berlin",
        zero_at=now + AHEAD + holds,
    )
    launch = await begin(tx, actor=DIRECTOR, request=request)
    values = {"launch_id": launch.launch_id, "key": "load-test", "notes": "Load test 41: p95 312 ms", "actor": "mei"}
    await tx.execute(queries.sign_item, values | {"at": now - timedelta(hours=1)})
    await audit_trail.record(
        tx,
        actor="mei",
        action="launch.item.completed",
        resource_type="launch_item",
        resource_id=launch.launch_id,
        label="400 orders a minute for 20 min without an error",
        version=2,
        after={"launchId": launch.launch_id, "key": "load-test", "status": "approved"},
        reason="Load test 41: p95 312 ms",
    )


async def _done(tx: Connection, now: datetime) -> None:
    """What was done to its clock comes first: when everything else happened follows from it."""
    content = (await templates.template(tx, TEMPLATE)).content
    zero_at = now - BEHIND
    begun_at = zero_at - timedelta(hours=30)
    events = [Event(begun_at, ClockEventKind.SET, first_reading(zero_at - begun_at, content.points))]
    holds: list[tuple[datetime, datetime]] = []
    for point in sorted(content.points, key=lambda each: each.reading):
        clock_then: Clock = fold(events, content.points, now)
        since = clock_then.last.since
        longer = LATE if not holds else timedelta()
        released_at = since + timedelta(seconds=point.seconds) + longer
        events.append(Event(released_at, ClockEventKind.RELEASE, hold=len(holds) + 1, reason="The poll said GO."))
        holds.append((since, released_at))
    values = {
        "title": "Autumn release: Glider 7",
        "short_title": "Glider 7",
        "zone": "Europe/Berlin",
        "zero_at": zero_at,
        "template_key": TEMPLATE,
        "created_at": begun_at,
        "actor": DIRECTOR,
        "closed_at": zero_at + LATE + timedelta(hours=2),
        "decision": "On sale in all regions; two items for the next template.",
    }
    row = await (await tx.execute(queries.insert_past, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    launch = await find(tx, row[0])
    await _write_clock(tx, launch, events)
    await checklist.insert_items(tx, launch.launch_id, content.items)
    signers = {"launch_id": launch.launch_id, "zero_at": zero_at, "signers": json.dumps(PEOPLE)}
    await tx.execute(queries.sign_items, signers)
    await _poll(tx, launch, *holds[0])
    item = next(each for each in content.items if each.key == "chat-cover")
    lesson = item.model_copy(
        update={"key": "roster-early", "description": "Roster is agreed a week before", "due": -604_800}
    )
    taught = {"launch_id": launch.launch_id, "reason": "The roster was 21 min late.", "actor": DIRECTOR}
    plain = lesson.model_dump(mode="json", by_alias=True)
    await tx.execute(queries.insert_lesson, taught | {"item": Jsonb(plain), "at": zero_at + timedelta(days=1)})


async def _write_clock(tx: Connection, launch: Launch, events: Sequence[Event]) -> None:
    for seq, event in enumerate(events, 1):
        values = {
            "launch_id": launch.launch_id,
            "seq": seq,
            "at": event.at,
            "kind": event.kind,
            "reading": None if event.reading is None else event.reading.total_seconds(),
            "hold": event.hold,
            "actor": DIRECTOR,
            "reason": event.reason,
        }
        await tx.execute(queries.insert_event, values)


async def _poll(tx: Connection, launch: Launch, held_at: datetime, released_at: datetime) -> None:
    opened_at, closed_at = held_at + timedelta(minutes=2), released_at - timedelta(minutes=1)
    evidence = _evidence(launch, closed_at)
    values = {"launch_id": launch.launch_id, "question": "Go for T-0?", "opened_at": opened_at, "actor": DIRECTOR}
    row = await (await tx.execute(queries.insert_poll, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    poll = await reads.poll(tx, launch.launch_id, row[0])
    await actions.tell_opened(tx, DIRECTOR, launch, poll, evidence=evidence)
    for number, each in enumerate(launch.roll, 1):
        vote = {"poll_id": row[0], "role": each.role, "person": PEOPLE[each.role], "reason": ""}
        await tx.execute(queries.insert_vote, vote | {"at": opened_at + timedelta(minutes=2 * number)})
        await actions.tell_vote(tx, PEOPLE[each.role], "cast", launch, row[0], each.role, evidence=evidence)
    votes = await reads.roll_call(tx, launch, row[0])
    sealed = await body.build(tx, launch, poll, votes, evidence, verdict=Choice.GO, at=closed_at, by=DIRECTOR)
    closing = {"poll_id": row[0], "at": closed_at, "actor": DIRECTOR, "sealed": Jsonb(sealed, dumps)}
    await tx.execute(queries.close_poll, closing)
    closed = await reads.poll(tx, launch.launch_id, row[0])
    await actions.tell_closed(tx, DIRECTOR, launch, closed, sealed)


def _evidence(launch: Launch, at: datetime) -> tuple[Evidence, ...]:
    """As it was then: all within the limits."""
    return tuple(
        Evidence(
            key=each.key,
            criterion=each.criterion,
            label=each.label,
            short_label=each.short_label,
            unit=CriterionUnit.COUNT,
            value=VALUES.get(each.key, 0.0),
            low=each.low,
            high=each.high,
            stale_after=each.stale_after or 120.0,
            data_through=at - timedelta(seconds=4),
            late_at=None,
            good_until=at + timedelta(seconds=116),
            evaluated_at=at,
            verdict=EvidenceVerdict.INSIDE,
            changed_at=None,
            live=False,
            detail="",
            binds=each.binds,
        )
        for each in bound(launch.criteria)
    )
