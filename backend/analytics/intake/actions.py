"""A batch of events comes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import uuid4

from prometheus_client import Counter

from backend.analytics.intake.parse import parse_batch
from backend.analytics.landing.actions import Counts, make_day, take
from backend.analytics.landing.feeds import feed_figures
from backend.analytics.landing.judged import Judged, Verdict, judge_call
from backend.analytics.landing.sealing import Sealer
from backend.analytics.landing.shapes import Call, read_calls
from backend.analytics.validation.compiled import PlanCache
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.core.settings import Settings
from models.analytics.events import EventProblem, EventsResult, Violation, ViolationClass
from models.core.wording import counted

PROBLEMS_MOST: Final = 100
"""Events of a batch that are named with what is wrong with them."""
TAKEN = Counter(
    "opsconsole_events_total", "Events that came in, by what became of them", ["verdict"], registry=REGISTRY
)
_OTHER_BODY: Final = Violation(
    violation_class=ViolationClass.MALFORMED,
    pointer="/messageId",
    rule="this id came before, with another body: the first one holds. Send the other one with an id of its own",
)


@dataclass
class Intake:
    """What taking events in needs, of one process."""

    settings: Settings
    plans: PlanCache
    sealer: Sealer
    days: set[date] = field(default_factory=set)
    """Those whose partition is there."""

    @staticmethod
    def of(settings: Settings, plans: PlanCache) -> Intake:
        """By these settings. Raises SecretError for a key that cannot be read."""
        return Intake(settings, plans, Sealer(settings))


async def ingest(tx: Connection, intake: Intake, body: bytes, *, sent_by: str, kind: str | None = None) -> EventsResult:
    """Take in what a request brings; it is durable when it is answered."""
    batch = parse_batch(body)
    now = await clock(tx)
    calls = read_calls(batch.items, now, sent_at=batch.sent_at, kind=kind)
    events, counts = await ingest_calls(tx, intake, calls, now, sent_by=sent_by)
    result = EventsResult(
        received=len(events),
        landed=counts.landed,
        quarantined=counts.quarantined,
        rejected=counts.rejected,
        known=counts.known,
        problems=_problems(events),
        as_of=now,
    )
    await audit_trail.record(
        tx,
        actor=sent_by,
        action="analytics.events.ingested",
        resource_type="event_batch",
        resource_id=str(uuid4()),
        label=counted(result.received, "event"),
        after={
            "received": result.received,
            "landed": counts.landed,
            "quarantined": counts.quarantined,
            "rejected": counts.rejected,
            "known": counts.known,
        },
    )
    return result


async def ingest_calls(
    tx: Connection, intake: Intake, calls: list[Call], now: datetime, *, sent_by: str
) -> tuple[list[Judged], Counts]:
    """Judge events by the plan as it is now, and take them in."""
    plan = await intake.plans.current(tx)
    environment = intake.settings.environment
    events = [judge_call(each, plan, environment, now, sealed=intake.sealer.ready) for each in calls]
    day = now.date()
    if day not in intake.days and not await make_day(tx, day):
        # Only where another transaction has made it: ours may yet be rolled back.
        intake.days.add(day)
    counts = await take(tx, events, environment=environment, now=now, sealer=intake.sealer)
    await feed_figures(tx, events, plan, sent_by=sent_by)
    for verdict, count in (
        ("landed", counts.landed),
        ("quarantined", counts.quarantined),
        ("rejected", counts.rejected),
        ("known", counts.known),
    ):
        TAKEN.labels(verdict).inc(count)
    return events, counts


def _problems(events: list[Judged]) -> tuple[EventProblem, ...]:
    found: list[EventProblem] = []
    for index, each in enumerate(events):
        violations = each.violations
        if each.verdict is Verdict.KNOWN:
            violations = (_OTHER_BODY,) if each.other_body else ()
        if violations:
            found.append(
                EventProblem(
                    index=index, message_id=each.call.message_id, verdict=str(each.verdict), violations=violations
                )
            )
            if len(found) == PROBLEMS_MOST:
                break
    return tuple(found)
