"""What a launch can be bound to of the backups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.backup.reads import queries
from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.settings import Settings


async def _restored(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    row = await (await connection.execute(queries.newest_restored)).fetchone()
    if row is None:
        found = Measurement(None, None, detail="no backup has been restored on trial yet")
    else:
        file, started_at = row
        found = Measurement((now - started_at).total_seconds(), now, detail=file)
    return [found] * len(wanted)


RESTORED = Criterion(
    name="backup.restored",
    title="Age of the newest backup that was restored on trial",
    unit="seconds",
    measure=_restored,
    stale_after=60,
    high=24 * 3_600,
)
