"""What ``/metrics`` says of privacy."""

from __future__ import annotations

from prometheus_client import Gauge

from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.privacy.consent import queries as consent

CONSENT = Gauge("opsconsole_consent_people", "People who have said something", ["type", "status"], registry=REGISTRY)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    for kind, granted, asked in await (await connection.execute(consent.measure)).fetchall():
        CONSENT.labels(kind, "granted").set(granted)
        CONSENT.labels(kind, "revoked").set(asked - granted)


def unknown() -> None:
    """The database is away: missing is no figure."""
    CONSENT.clear()
