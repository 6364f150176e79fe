"""What ``/metrics`` says of launches."""

from __future__ import annotations

from math import nan

from prometheus_client import Gauge

from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.launch.poll import queries

POLLS = Gauge("opsconsole_launch_polls_open", "Go/no-go polls that are open", registry=REGISTRY)
UNWATCHED = Gauge(
    "opsconsole_launch_evidence_age_seconds",
    "How long ago the figures of an open poll were evaluated; above 2 s no GO counts",
    registry=REGISTRY,
)
UNPROVEN = Gauge("opsconsole_launch_records_waiting", "Closed polls whose record is not proven yet", registry=REGISTRY)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    row = await (await connection.execute(queries.measured)).fetchone()
    polls, age, waiting = row or (nan, nan, nan)
    POLLS.set(polls)
    UNWATCHED.set(age)
    UNPROVEN.set(waiting)


def unknown() -> None:
    """The database is away."""
    for gauge in (POLLS, UNWATCHED, UNPROVEN):
        gauge.set(nan)
