"""What a launch can be bound to of the runbooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.settings import Settings
from backend.runbooks.actions import queries


async def _age(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    row = await (await connection.execute(queries.oldest)).fetchone()
    if row is None:
        found = Measurement(None, None, detail="there is no runbook")
    else:
        title, updated_at = row
        found = Measurement((now - updated_at).total_seconds(), now, detail=title)
    return [found] * len(wanted)


async def _past_review(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    titles = [row[1] for row in await (await connection.execute(queries.overdue)).fetchall()]
    return [Measurement(len(titles), now, detail="; ".join(titles[:3]))] * len(wanted)


AGE = Criterion(
    name="runbooks.age",
    title="Age of the runbook that was looked at longest ago",
    unit="seconds",
    measure=_age,
    stale_after=60,
    high=180 * 86_400,
)
PAST_REVIEW = Criterion(
    name="runbooks.past_review",
    title="Runbooks past their day of review",
    unit="count",
    measure=_past_review,
    stale_after=60,
    high=0,
)
