"""What ``/metrics`` says of the risk queue."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

from prometheus_client import Gauge

from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.risk.fulfilment import queries

OPEN = Gauge("opsconsole_risk_entries_open", "Entries of the risk queue that wait", ["status"], registry=REGISTRY)
OVERDUE = Gauge("opsconsole_risk_entries_overdue", "Entries that wait longer than they should", registry=REGISTRY)
FULFILMENTS_FAILED = Gauge(
    "opsconsole_risk_intents_failed", "Verdicts the shop did not carry out, 1 000 at most", registry=REGISTRY
)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    _set(await (await connection.execute(queries.figures)).fetchone())


def unknown() -> None:
    """The database is away."""
    _set(None)


def _set(figures: Sequence[int] | None) -> None:
    """Open, escalated and overdue entries, and failed fulfilment requests; ``None`` when they are not known."""
    opened, escalated, overdue, failed = figures or (nan,) * 4
    OPEN.labels("open").set(opened)
    OPEN.labels("escalated").set(escalated)
    OVERDUE.set(overdue)
    FULFILMENTS_FAILED.set(failed)
