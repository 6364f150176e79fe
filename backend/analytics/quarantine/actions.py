"""Everything that changes what is held: replays are counted and audited, and so is what is given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from backend.analytics.event_text import read_item
from backend.analytics.intake.actions import Intake
from backend.analytics.landing.actions import count_replayed, make_day
from backend.analytics.landing.feeds import feed_figures
from backend.analytics.landing.judged import Judged, Verdict, judge_call
from backend.analytics.landing.shapes import read_calls
from backend.analytics.quarantine import queries
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, array
from models.analytics.events import DiscardRequest, QuarantineRequest, ReplayRequest, Trial, Violation

REPLAYED_MOST: Final = 10_000
"""Events of one replay; the next one takes the rest."""
_CHUNK: Final = 500


async def trial(connection: Connection, intake: Intake, request: QuarantineRequest) -> Trial:
    """What a replay would do now. Nothing is changed or sent."""
    values = _cause(request) | {"limit": REPLAYED_MOST}
    rows = await (await connection.execute(queries.look, values)).fetchall()
    found = await _judge(connection, intake, rows)
    return _trial(found, len(rows), await clock(connection))


async def replay(tx: Connection, intake: Intake, *, actor: str, request: ReplayRequest) -> Trial:
    """Judge what is held again, by the plan as it is now: what fits lands, the rest stays as it is.

    Two who replay at once share the work: each event is taken by one of them.
    """
    now = await clock(tx)
    if now.date() not in intake.days:
        await make_day(tx, now.date())
    looked, found = 0, []
    after = UUID(int=0)
    while looked < REPLAYED_MOST:
        values = _cause(request) | {"after": after, "limit": _CHUNK}
        rows = await (await tx.execute(queries.held, values)).fetchall()
        if not rows:
            break
        looked, after = looked + len(rows), rows[-1][0]
        judged = await _judge(tx, intake, rows)
        await _release(tx, [each for each in judged if _passes(each)], now)
        found += judged
    result = _trial(found, looked, now)
    if looked == 0:
        audit_trail.nothing_changed()
        return result
    await feed_figures(tx, found, await intake.plans.current(tx), sent_by=actor)
    await count_replayed(tx, [each for each in found if _passes(each)], now)
    await _record(tx, actor, "replayed", request, result.passing, result.still_held, request.reason)
    return result


async def discard(tx: Connection, *, actor: str, request: DiscardRequest) -> int:
    """Give up what is held for a cause; how many there were."""
    count = (await tx.execute(queries.discard, _cause(request))).rowcount
    if count:
        await _record(tx, actor, "discarded", request, count, 0, request.reason)
    else:
        audit_trail.nothing_changed()
    return count


async def _judge(connection: Connection, intake: Intake, rows: Sequence[tuple[Any, ...]]) -> list[Judged]:
    plan = await intake.plans.current(connection)
    found: list[Judged] = []
    for event_id, received_at, sealed in rows:
        text = intake.sealer.open(event_id, sealed)
        if text is None:
            continue
        # As if it came in when it did: its instant is told by the clock of then.
        [call] = read_calls([read_item(text)], received_at)
        judged = judge_call(call, plan, intake.settings.environment, received_at, sealed=True)
        judged.id = event_id
        found.append(judged)
    return found


def _passes(judged: Judged) -> bool:
    return judged.verdict in {Verdict.LANDED, Verdict.OMITTED}


async def _release(tx: Connection, events: list[Judged], now: datetime) -> None:
    if not events:
        return
    values = {
        "id": array(each.id for each in events),
        "occurred_at": array(each.call.occurred_at for each in events),
        "kind": array(each.call.kind for each in events),
        "event_name": array(each.event_name for each in events),
        "version": array(each.version for each in events),
        "producer": array(each.call.producer for each in events),
        "app_version": array(each.call.app_version for each in events),
        "verdict": array(each.verdict for each in events),
        "bodies": "\n".join(each.call.item.text.decode() for each in events),
        "day": now.date(),
        "received_at": now,
    }
    await tx.execute(queries.land, values)
    await tx.execute(queries.release, {"ids": [each.id for each in events]})


def _trial(found: list[Judged], looked: int, now: datetime) -> Trial:
    passing = sum(map(_passes, found))
    wrong: Counter[Violation] = Counter(
        violation for each in found if not _passes(each) for violation in each.violations
    )
    return Trial(
        looked_at=looked,
        passing=passing,
        still_held=looked - passing,
        unreadable=looked - len(found),
        violations=tuple(violation for violation, _ in wrong.most_common(20)),
        as_of=now,
    )


def _cause(request: QuarantineRequest) -> dict[str, Any]:
    return {
        "event_name": request.event_name,
        "class": request.violation_class,
        "pointer": request.pointer,
        "schema_version": request.schema_version,
    }


async def _record(
    tx: Connection, actor: str, verb: str, request: QuarantineRequest, count: int, left: int, reason: str
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"analytics.quarantine.{verb}",
        resource_type="event_quarantine",
        resource_id=f"{request.event_name} {request.pointer}",
        label=f"{request.event_name} {request.pointer}",
        after=_cause(request) | {"events": count, "left": left},
        reason=reason,
    )
