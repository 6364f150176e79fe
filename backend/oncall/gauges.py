"""What ``/metrics`` says of on-call."""

from __future__ import annotations

from math import nan

from prometheus_client import Gauge

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.metrics import REGISTRY
from backend.core.rows import readable
from backend.oncall import resolver
from backend.oncall.pages import queries
from backend.oncall.schedules.loading import load
from models.oncall.pages import PageState

PAGES = Gauge("opsconsole_pages", "Pages that are not over", ["state"], registry=REGISTRY)
UNANSWERED = Gauge("opsconsole_pages_unanswered", "Pages with nobody left to call", registry=REGISTRY)
OLDEST = Gauge("opsconsole_page_oldest_seconds", "How long the oldest open page has waited", registry=REGISTRY)
UNCOVERED = Gauge("opsconsole_schedules_uncovered", "Schedules with nobody on who must be", registry=REGISTRY)


async def measure(connection: Connection) -> None:
    """Ask the database."""
    row = await (await connection.execute(queries.figures)).fetchone()
    assert row is not None  # noqa: S101 - sums have one row
    is_open, acknowledged, exhausted, oldest = row
    PAGES.labels(PageState.OPEN).set(is_open)
    PAGES.labels(PageState.ACKNOWLEDGED).set(acknowledged)
    UNANSWERED.set(exhausted)
    OLDEST.set(oldest)
    now = await clock(connection)
    at = resolver.ticks(now)
    found = readable(await load(connection, now, now))
    UNCOVERED.set(
        sum(
            bool(resolver.required(each.schedule, at, at + 1)) and not resolver.who(each.schedule, at) for each in found
        )
    )


def unknown() -> None:
    """The database is away: missing is no figure."""
    PAGES.clear()
    for gauge in (UNANSWERED, OLDEST, UNCOVERED):
        gauge.set(nan)
