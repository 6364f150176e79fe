"""What a launch can be bound to of fraud rules and the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection, load_queries
from backend.core.settings import Settings

queries = load_queries(__package__, "criteria.sql")


async def _breakers(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    rules = [row[0] for row in await (await connection.execute(queries.open_breakers)).fetchall()]
    return [Measurement(len(rules), now, detail=", ".join(rules[:5]))] * len(wanted)


async def _open_entries(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    row = await (await connection.execute(queries.open_entries)).fetchone()
    return [Measurement(None if row is None else row[0], now)] * len(wanted)


async def _rule_set(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    row = await (await connection.execute(queries.published_rule_set)).fetchone()
    found = Measurement(None, None, detail="no rule set is published") if row is None else _published(row, now)
    return [found] * len(wanted)


def _published(row: Sequence[object], now: datetime) -> Measurement:
    number, title = row
    return Measurement(float(str(number)), now, detail=str(title))


PAST_CAP = Criterion(
    name="risk.past_cap",
    title="Fraud rules that went past their cap",
    unit="count",
    measure=_breakers,
    stale_after=60,
    high=0,
)
OPEN_ENTRIES = Criterion(
    name="risk.open_entries",
    title="Orders that wait in the risk queue",
    unit="count",
    measure=_open_entries,
    stale_after=60,
)
RULE_SET = Criterion(
    name="risk.rule_set",
    title="Number of the fraud rules in force",
    unit="version",
    measure=_rule_set,
    stale_after=60,
)
