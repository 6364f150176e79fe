"""What ``/metrics`` says of incidents."""

from __future__ import annotations

from prometheus_client import Gauge

from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.incidents.records import queries
from models.incidents import IncidentSeverity

OPEN = Gauge("opsconsole_incidents_open", "Open incidents", ["severity"], registry=REGISTRY)
OVERDUE = Gauge(
    "opsconsole_incident_updates_overdue", "Open incidents whose update is overdue", ["severity"], registry=REGISTRY
)
_MEANS = tuple(
    Gauge(f"opsconsole_incident_{name}_seconds", f"Mean time to {words}, 30 days", ["severity"], registry=REGISTRY)
    for name, words in (("mttd", "detect"), ("mtta", "acknowledge"), ("mttr", "resolve"))
)


async def measure(connection: Connection) -> None:
    """Ask the database; a mean of nothing is no figure."""
    rows = {row[0]: row[1:] for row in await (await connection.execute(queries.gauges)).fetchall()}
    unknown()
    for severity in IncidentSeverity:
        open_, overdue, *means = rows.get(severity, (0, 0))
        OPEN.labels(severity).set(open_)
        OVERDUE.labels(severity).set(overdue)
        for gauge, mean in zip(_MEANS, means, strict=False):
            if mean is not None:
                gauge.labels(severity).set(mean)


def unknown() -> None:
    """The database is away: missing is no figure."""
    for gauge in (OPEN, OVERDUE, *_MEANS):
        gauge.clear()
