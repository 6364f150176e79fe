"""What a launch can be bound to of the incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.settings import Settings
from backend.incidents.records import queries
from models.incidents import IncidentSeverity


async def _open(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    rows = await (await connection.execute(queries.open_by_severity)).fetchall()
    found = []
    for each in wanted:
        counted = [(words, severity) for words, severity in rows if severity <= each["severity"]]
        detail = "; ".join(f"{severity} {words}" for words, severity in counted[:3])
        found.append(Measurement(len(counted), now, detail=detail))
    return found


OPEN = Criterion(
    name="incidents.open",
    title="Open incidents of a severity or worse",
    unit="count",
    measure=_open,
    stale_after=60,
    high=0,
    parameters={"severity": tuple(severity.value for severity in IncidentSeverity)},
)
