"""What ``/metrics`` says of runbooks."""

from __future__ import annotations

from prometheus_client import Gauge

from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.runbooks.reads import queries

RUNBOOKS = Gauge("opsconsole_runbooks", "Runbooks that are not retired", ["review"], registry=REGISTRY)
RUNS = Gauge("opsconsole_runbook_runs_open", "Runbooks that are being worked through", registry=REGISTRY)
PUBLISHED = Gauge(
    "opsconsole_runbooks_published_age_seconds", "Since changed pages were last published", registry=REGISTRY
)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    row = await (await connection.execute(queries.measure)).fetchone()
    assert row is not None  # noqa: S101 - a select of counts returns one row
    count, overdue, running, published = row
    RUNBOOKS.labels("due").set(count - overdue)
    RUNBOOKS.labels("overdue").set(overdue)
    RUNS.set(running)
    PUBLISHED.set(float("nan") if published is None else float(published))


def unknown() -> None:
    """The database is away: missing is no figure."""
    RUNBOOKS.clear()
    for gauge in (RUNS, PUBLISHED):
        gauge.set(float("nan"))
