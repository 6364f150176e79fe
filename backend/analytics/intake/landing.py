"""Judged events are taken in: each id once across all days, with counts and violations in the same transaction."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from backend.analytics.event_text import write_item
from backend.analytics.intake import queries
from backend.analytics.intake.sealing import Sealer
from backend.analytics.intake.shapes import Call
from backend.analytics.validation.compiled import CompiledPlan
from backend.analytics.validation.judge import Judgement, judge, kept_name, without
from backend.core.database import Connection, array
from models.analytics import EventMode
from models.analytics.events import Violation, ViolationClass

NO_KEY: Final = Violation(
    violation_class=ViolationClass.MALFORMED,
    pointer="",
    rule="would be held until it is looked at, and cannot be: this installation has no key to seal it with "
    "(OPSCONSOLE_CONNECTION_KEY_FILE)",
)


class Verdict(StrEnum):
    """What becomes of an event."""

    LANDED = "landed"
    OMITTED = "omitted"
    """It lands without what does not fit."""
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    KNOWN = "known"


class Cause(NamedTuple):
    """What violations of one mistake have in common."""

    event_name: str
    violation_class: str
    pointer: str
    schema_version: int
    producer: str
    app_version: str


@dataclass(slots=True)
class Judged:
    """An event with what becomes of it."""

    call: Call
    verdict: Verdict
    id: UUID
    hash: UUID
    event_name: str
    """As it is counted and listed."""
    version: int | None
    violations: tuple[Violation, ...]
    observed: tuple[Violation, ...] = ()
    other_body: bool = False
    """Its id is known, with another body."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a batch."""

    landed: int
    quarantined: int
    rejected: int
    known: int


def judge_call(call: Call, plan: CompiledPlan, environment: str, now: datetime, *, sealed: bool) -> Judged:
    """What becomes of one event. ``sealed`` says whether there is a key for what is to be held."""
    text = call.item.text
    judgement = _judgement(call, plan, environment, now)
    violations = judgement.violations
    verdict = Verdict.LANDED if not violations else _verdict(call, judgement)
    if verdict is Verdict.QUARANTINED and not sealed:
        verdict, violations = Verdict.REJECTED, (*violations, NO_KEY)
    return Judged(
        call,
        verdict,
        # The id of what cannot be read is its text: sent again, it is known.
        _md5(call.message_id.encode()) if call.message_id is not None else _md5(text) if call.problem else uuid4(),
        _md5(text),
        kept_name(call.event_name, plan) if call.problem is None else "*",
        judgement.version,
        violations,
        judgement.observed,
    )


def _judgement(call: Call, plan: CompiledPlan, environment: str, now: datetime) -> Judgement:
    if call.problem is not None:
        return Judgement(EventMode.QUARANTINE, violations=(call.problem,))
    found = judge(
        plan,
        environment,
        now,
        event_name=call.event_name,
        properties=call.properties,
        declared=call.declared,
        at=call.at,
    )
    if call.oddity is None:
        return found
    violations = (call.oddity, *found.violations)
    return Judgement(found.mode, found.version, violations, found.observed, found.by, found.findings)


def _verdict(call: Call, judgement: Judgement) -> Verdict:
    match judgement.mode:
        case EventMode.OBSERVE:
            return Verdict.LANDED
        case EventMode.REJECT:
            return Verdict.REJECTED
        case EventMode.QUARANTINE:
            return Verdict.QUARANTINED
        case EventMode.OMIT:
            assert call.item.value is not None  # noqa: S101 - what cannot be read has no mode but quarantine
            before = call.item.text
            without(call.properties, judgement.findings)
            call.item.text = write_item(call.item.value)
            return Verdict.OMITTED if call.item.text != before else Verdict.LANDED


def _md5(text: bytes) -> UUID:
    return UUID(bytes=hashlib.md5(text, usedforsecurity=False).digest())


# --- within the transaction


async def take(tx: Connection, events: Sequence[Judged], *, environment: str, now: datetime, sealer: Sealer) -> Counts:
    """Take judged events in; the verdict of those whose id is here already becomes *known*."""
    kept = _once(each for each in events if each.verdict is not Verdict.REJECTED)
    if kept:
        await _land(tx, kept, now)
        await _find_other_bodies(tx, [each for each in events if each.verdict is Verdict.KNOWN])
        await _hold(tx, [each for each in kept if each.verdict is Verdict.QUARANTINED], environment, now, sealer)
    await _count(tx, events, environment, now)
    found = Counter(each.verdict for each in events)
    return Counts(
        found[Verdict.LANDED] + found[Verdict.OMITTED],
        found[Verdict.QUARANTINED],
        found[Verdict.REJECTED],
        found[Verdict.KNOWN],
    )


def _once(events: Iterable[Judged]) -> list[Judged]:
    """Each id once: the first of its batch is taken, the others are known."""
    taken: dict[UUID, Judged] = {}
    for each in events:
        first = taken.setdefault(each.id, each)
        if first is not each:
            each.verdict = Verdict.KNOWN
            each.other_body = first.hash != each.hash
    return list(taken.values())


async def _land(tx: Connection, events: list[Judged], now: datetime) -> None:
    values = {
        "id": array(each.id for each in events),
        "hash": array(each.hash for each in events),
        "occurred_at": array(each.call.occurred_at for each in events),
        "kind": array(each.call.kind for each in events),
        "event_name": array(each.event_name for each in events),
        "version": array(each.version for each in events),
        "producer": array(each.call.producer for each in events),
        "app_version": array(each.call.app_version for each in events),
        "verdict": array(each.verdict for each in events),
        # What is held is kept elsewhere, sealed.
        "bodies": "\n".join(
            "" if each.verdict is Verdict.QUARANTINED else each.call.item.text.decode() for each in events
        ),
        "day": now.date(),
        "received_at": now,
    }
    row = await (await tx.execute(queries.take, values, prepare=True)).fetchone()
    assert row is not None  # noqa: S101 - a count is one row
    if row[0] < len(events):
        fresh = set(row[1] or ())
        for each in events:
            if each.id not in fresh:
                each.verdict = Verdict.KNOWN


async def make_day(tx: Connection, day: date) -> bool:
    """Make the partition of a day; false where it is there."""
    row = await (await tx.execute(queries.make_day, {"day": day})).fetchone()
    return row == (True,)


async def _find_other_bodies(tx: Connection, known: list[Judged]) -> None:
    """A statement of its own: it sees what others have committed while ours waited for them."""
    if not known:
        return
    rows = await (await tx.execute(queries.hashes, {"ids": [each.id for each in known]})).fetchall()
    hashes: dict[UUID, UUID] = dict(rows)
    for each in known:
        each.other_body = each.other_body or hashes.get(each.id, each.hash) != each.hash


async def _hold(tx: Connection, events: list[Judged], environment: str, now: datetime, sealer: Sealer) -> None:
    if not events:
        return
    causes = [each.violations[0] for each in events]
    values = {
        "id": [each.id for each in events],
        "occurred_at": [each.call.occurred_at for each in events],
        "kind": [each.call.kind for each in events],
        "event_name": [each.event_name for each in events],
        "schema_version": [each.version for each in events],
        "class": [str(each.violation_class) for each in causes],
        "pointer": [each.pointer for each in causes],
        "rule": [each.rule for each in causes],
        "producer": [each.call.producer for each in events],
        "app_version": [each.call.app_version for each in events],
        "body": [sealer.seal(each.id, each.call.item.text) for each in events],
        "environment": environment,
        "received_at": now,
    }
    await tx.execute(queries.hold, values)


async def _count(tx: Connection, events: Sequence[Judged], environment: str, now: datetime) -> None:
    """How many there were, and what was wrong; of those that are known it was counted before."""
    new = [each for each in events if each.verdict is not Verdict.KNOWN]
    if not new:
        return
    counts = Counter(
        (each.event_name, each.version or 0, each.call.producer, each.call.app_version, str(each.verdict))
        for each in new
    )
    columns = list(zip(*counts, strict=True))
    names = ("event_name", "version", "producer", "app_version", "verdict")
    values: dict[str, Any] = {name: list(column) for name, column in zip(names, columns, strict=True)}
    values |= {"count": list(counts.values()), "hour": now.replace(minute=0, second=0, microsecond=0)}
    await tx.execute(queries.count_events, values, prepare=True)
    causes: Counter[Cause] = Counter()
    rules: dict[Cause, Violation] = {}
    for each in new:
        for violation in (*each.violations, *each.observed):
            if violation is not NO_KEY:
                cause = _cause(each, violation)
                causes[cause] += 1
                rules.setdefault(cause, violation)
    if causes:
        await _count_violations(tx, causes, rules, environment, now)


def _cause(event: Judged, violation: Violation) -> Cause:
    return Cause(
        event.event_name,
        violation.violation_class,
        violation.pointer,
        violation.version or 0,
        event.call.producer,
        event.call.app_version,
    )


async def _count_violations(
    tx: Connection, causes: Mapping[Cause, int], rules: Mapping[Cause, Violation], environment: str, now: datetime
) -> None:
    columns = list(zip(*causes, strict=True))
    values: dict[str, Any] = {
        "event_name": list(columns[0]),
        "class": list(map(str, columns[1])),
        "pointer": list(columns[2]),
        "schema_version": list(columns[3]),
        "producer": list(columns[4]),
        "app_version": list(columns[5]),
        "rule": [rules[cause].rule for cause in causes],
        "nearest": [rules[cause].nearest for cause in causes],
        "count": list(causes.values()),
        "environment": environment,
        "day": now.astimezone(UTC).date(),
        "seen_at": now,
    }
    await tx.execute(queries.new_groups, values)
    # A statement of its own: it sees the groups that others have made meanwhile.
    await tx.execute(queries.count_violations, values)
