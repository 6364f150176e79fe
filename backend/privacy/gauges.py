"""What ``/metrics`` says of privacy."""

from __future__ import annotations

from prometheus_client import Gauge

from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.privacy.consent import queries as consent
from backend.privacy.requests import queries as requests

CONSENT = Gauge("opsconsole_consent_people", "People who have said something", ["type", "status"], registry=REGISTRY)
REQUESTS = Gauge("opsconsole_privacy_requests", "Requests of people", ["state"], registry=REGISTRY)
NEXT_DUE = Gauge(
    "opsconsole_privacy_next_due_seconds", "Until the request that falls due first is late by law", registry=REGISTRY
)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    row = await (await connection.execute(requests.measure)).fetchone()
    assert row is not None  # noqa: S101 - a select of counts returns one row
    REQUESTS.labels("open").set(row[0])
    REQUESTS.labels("overdue").set(row[1])
    NEXT_DUE.set(float("nan") if row[2] is None else float(row[2]))
    for kind, granted, asked in await (await connection.execute(consent.measure)).fetchall():
        CONSENT.labels(kind, "granted").set(granted)
        CONSENT.labels(kind, "revoked").set(asked - granted)


def unknown() -> None:
    """The database is away: missing is no figure."""
    for gauge in (CONSENT, REQUESTS):
        gauge.clear()
    NEXT_DUE.set(float("nan"))
