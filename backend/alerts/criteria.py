"""What a launch can be bound to of the alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from backend.alerts.actions import queries
from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.settings import Settings
from models.alerts import Severity

EVALUATED_WITHIN = timedelta(seconds=30)
SEVERITIES = tuple(severity.value for severity in Severity)


async def _open(
    connection: Connection, _settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    rows = await (await connection.execute(queries.open_by_severity)).fetchall()
    row = await (await connection.execute(queries.evaluated_through)).fetchone()
    # Without rules nothing is evaluated: what is raised without a figure is known at once.
    through = now if row is None or row[0] is None else min(now, row[0])
    found = []
    for each in wanted:
        counted = [(title, severity) for title, severity in rows if severity <= each["severity"]]
        detail = "; ".join(f"{severity} {title}" for title, severity in counted[:3])
        found.append(Measurement(len(counted), through, through + EVALUATED_WITHIN, detail))
    return found


OPEN = Criterion(
    name="alerts.open",
    title="Open alerts of a severity or worse",
    unit="count",
    measure=_open,
    stale_after=120,
    high=0,
    parameters={"severity": SEVERITIES},
)
