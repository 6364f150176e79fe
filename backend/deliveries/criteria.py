"""What a launch can be bound to of the channels people are told by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.settings import Settings
from backend.deliveries.watching import queries


async def _unproven(
    connection: Connection, settings: Settings, _now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    rows = await (await connection.execute(queries.routed_proofs)).fetchall()
    if not rows:
        return [Measurement(None, None, detail="no connection is routed: nobody would be told")] * len(wanted)
    unproven = [name for name, proven, _ in rows if not proven]
    times = [proven_at for _, _, proven_at in rows if proven_at is not None]
    through = min(times, default=None)
    late_at = None if through is None else through + timedelta(seconds=settings.canary_seconds)
    return [Measurement(len(unproven), through, late_at, ", ".join(unproven[:5]))] * len(wanted)


UNPROVEN = Criterion(
    name="deliveries.unproven",
    title="Connections that people are told by and that are not proven",
    unit="count",
    measure=_unproven,
    stale_after=1_800,
    high=0,
)
