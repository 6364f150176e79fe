"""What ``/metrics`` says of events."""

from __future__ import annotations

from prometheus_client import Gauge

from backend.analytics.quarantine import queries
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.metrics import REGISTRY

HELD = Gauge("opsconsole_events_held", "Events in quarantine", registry=REGISTRY)
OLDEST = Gauge("opsconsole_events_held_oldest_seconds", "Age of the oldest event in quarantine", registry=REGISTRY)
_KNOWN: list[Gauge] = [HELD, OLDEST]


async def measure(connection: Connection) -> None:
    """Ask the database."""
    held = await (await connection.execute(queries.count_held)).fetchone()
    oldest = await (await connection.execute(queries.oldest)).fetchone()
    assert held is not None  # noqa: S101 - an aggregate is one row
    assert oldest is not None  # noqa: S101 - an aggregate is one row
    HELD.set(held[0])
    OLDEST.set(0 if oldest[0] is None else (await clock(connection) - oldest[0]).total_seconds())


def unknown() -> None:
    """The database is away: missing is no figure."""
    for gauge in _KNOWN:
        gauge.set(float("nan"))
