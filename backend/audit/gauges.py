"""What ``/metrics`` says of the audit log."""

from __future__ import annotations

from math import nan

from prometheus_client import Gauge

from backend.audit.relay import queries
from backend.core.database import Connection
from backend.core.metrics import REGISTRY

RELAY_LAG = Gauge(
    "opsconsole_audit_relay_lag_seconds", "How long the oldest unstamped audit row has waited", registry=REGISTRY
)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    row = await (await connection.execute(queries.lag)).fetchone()
    RELAY_LAG.set(row[0] if row else nan)


def unknown() -> None:
    """The database is away."""
    RELAY_LAG.set(nan)
