"""What a launch can be bound to of on-call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.rows import Unreadable, readable
from backend.core.settings import Settings
from backend.oncall import resolver
from backend.oncall.schedules.loading import Loaded, load

HOURS: Final = ("4", "8", "12", "24", "48")


async def _uncovered(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    ends = [now + timedelta(hours=int(each["hours"])) for each in wanted]
    found = await load(connection, now, max(ends, default=now))
    return [_look(found, now, end) for end in ends]


def _look(found: Sequence[Loaded | Unreadable], now: datetime, end: datetime) -> Measurement:
    known = readable(found)
    if len(known) < len(found):
        return Measurement(None, None, detail="a schedule cannot be read; the log of the server says why")
    low, high = resolver.ticks(now), resolver.ticks(end)
    if not any(resolver.required(each.schedule, low, high) for each in known):
        return Measurement(None, None, detail="no schedule says that anybody must be on call")
    holes = []
    for each in known:
        missing = resolver.gaps(each.schedule, resolver.intervals(each.schedule, low, high), low, high)
        holes += [(begins, ends, each.name) for begins, ends in missing]
    holes.sort()
    detail = "; ".join(f"{name} from {resolver.moment(begins):%d %b %H:%M} UTC" for begins, _, name in holes[:3])
    return Measurement(sum(ends - begins for begins, ends, _ in holes) / resolver.SECOND, now, detail=detail)


UNCOVERED = Criterion(
    name="oncall.uncovered",
    title="Time of the next hours in which nobody is on call who must be",
    unit="seconds",
    measure=_uncovered,
    stale_after=60,
    high=0,
    parameters={"hours": HOURS},
)
