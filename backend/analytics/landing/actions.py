"""Judged events are taken in: each id once across all days, with counts and violations in the same transaction.

Its callers tell the audit log, for a batch as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from backend.analytics.landing import queries
from backend.analytics.landing.judged import NO_KEY, Judged, Verdict
from backend.analytics.landing.sealing import Sealer
from backend.core.database import Connection, array
from models.analytics.events import Violation


class Cause(NamedTuple):
    """What violations of one mistake have in common."""

    event_name: str
    violation_class: str
    pointer: str
    schema_version: int
    producer: str
    app_version: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a batch."""

    landed: int
    quarantined: int
    rejected: int
    known: int


async def take(
    tx: Connection, events: Sequence[Judged], *, environment: str, now: datetime, sealer: Sealer | None
) -> Counts:
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


async def _hold(tx: Connection, events: list[Judged], environment: str, now: datetime, sealer: Sealer | None) -> None:
    if not events:
        return
    assert sealer is not None  # noqa: S101 - without a key nothing is held
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
    await _put_counts(tx, [(each, str(each.verdict)) for each in new], now)
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


async def count_replayed(tx: Connection, events: Sequence[Judged], now: datetime) -> None:
    """Events that were held and have landed now; as what came in they were counted before."""
    if events:
        await _put_counts(tx, [(each, "replayed") for each in events], now)


async def _put_counts(tx: Connection, events: Sequence[tuple[Judged, str]], now: datetime) -> None:
    counts = Counter(
        (each.event_name, each.version or 0, each.call.producer, each.call.app_version, verdict)
        for each, verdict in events
    )
    names = ("event_name", "version", "producer", "app_version", "verdict")
    columns = zip(*counts, strict=True)
    values: dict[str, Any] = {name: list(column) for name, column in zip(names, columns, strict=True)}
    values |= {"count": list(counts.values()), "hour": now.replace(minute=0, second=0, microsecond=0)}
    await tx.execute(queries.count_events, values, prepare=True)


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
