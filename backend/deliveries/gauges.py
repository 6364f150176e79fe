"""What ``/metrics`` says of connections."""

from __future__ import annotations

from collections import Counter

from prometheus_client import Gauge

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.core.rows import readable
from backend.deliveries.connections import reads
from models.deliveries.connections import ConnectionState

STATES = Gauge("opsconsole_connections", "Connections by state", ["state"], registry=REGISTRY)
WAITING = Gauge("opsconsole_deliveries_waiting", "What waits for a connection", ["connection"], registry=REGISTRY)
DEAD = Gauge("opsconsole_deliveries_dead", "Dead letters of a connection", ["connection"], registry=REGISTRY)
OLDEST = Gauge(
    "opsconsole_deliveries_oldest_seconds", "How long the oldest has waited", ["connection"], registry=REGISTRY
)
PROVEN = Gauge(
    "opsconsole_connection_proven_age_seconds", "Since a canary last arrived", ["connection"], registry=REGISTRY
)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    now = await clock(connection)
    found = readable(await reads.connections(connection))
    unknown()
    states = Counter(each.state for each in found)
    for state in ConnectionState:
        STATES.labels(state).set(states[state])
    for each in found:
        if each.state is ConnectionState.OFF:
            continue
        WAITING.labels(each.name).set(each.waiting)
        DEAD.labels(each.name).set(each.dead)
        oldest = each.oldest_waiting_at
        OLDEST.labels(each.name).set(0.0 if oldest is None else (now - oldest).total_seconds())
        if each.proven_at is not None:
            PROVEN.labels(each.name).set((now - each.proven_at).total_seconds())


def unknown() -> None:
    """The database is away: missing is no figure."""
    for gauge in (STATES, WAITING, DEAD, OLDEST, PROVEN):
        gauge.clear()
