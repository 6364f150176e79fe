"""What ``/metrics`` says of backups."""

from __future__ import annotations

from math import nan

from prometheus_client import Gauge

from backend.backup.reads import queries
from backend.core.database import Connection
from backend.core.metrics import REGISTRY

MADE = Gauge("opsconsole_backup_age_seconds", "Since the newest backup was begun", registry=REGISTRY)
RESTORED = Gauge(
    "opsconsole_backup_restored_age_seconds", "Age of the newest backup that was restored on trial", registry=REGISTRY
)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    row = await (await connection.execute(queries.ages)).fetchone()
    made, restored = row or (None, None)
    MADE.set(nan if made is None else made)
    RESTORED.set(nan if restored is None else restored)


def unknown() -> None:
    """The database is away."""
    MADE.set(nan)
    RESTORED.set(nan)
