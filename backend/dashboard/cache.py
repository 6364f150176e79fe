"""Dashboard answers as bytes: live ones are shared for a moment, and repeated with their age when the database is away.

Specification: NFR "graceful degradation".
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Gauge

from backend.core.clock import clock
from backend.core.database import Connection, Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.core.metrics import REGISTRY
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.dashboard.compose import compose
from models.core.problems import Code
from models.dashboard import DashboardRange, Degraded, OperationsDashboard

log = logger(__name__)

DEGRADED = Gauge("opsconsole_dashboard_degraded", "1 while the dashboard repeats an earlier answer", registry=REGISTRY)

SHARED_SECONDS = 1.0
"""Live answers are computed at most this often; each says the instant it is true for."""
PATIENCE_SECONDS = 2.5
"""A live answer that takes longer is replaced by the last one; it goes on and is there for the next request."""


@dataclass(slots=True)
class _Known:
    dashboard: OperationsDashboard
    body: bytes
    at: float


class Dashboards:
    """Answers of one API process. Holds nothing that is not in the database, except the last answers."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._known: dict[int, _Known] = {}
        self._running: dict[int, asyncio.Task[_Known]] = {}

    async def past(self, connection: Connection, as_of: datetime, range_days: DashboardRange) -> bytes:
        """The answer for a past instant, computed anew as late data may arrive."""
        dashboard = await compose(connection, self._settings, as_of, range_days, past=True)
        return dashboard.model_dump_json(by_alias=True).encode()

    async def live(self, range_days: DashboardRange) -> tuple[bytes, int]:
        """The answer for now and its age in seconds.

        Raises:
            ProblemError: 503 when the database is away and nothing was answered before.
        """
        known = self._known.get(range_days)
        if known is not None and time.monotonic() - known.at < SHARED_SECONDS:
            return known.body, 0
        task = self._running.get(range_days)
        if task is None:
            task = asyncio.create_task(self._refresh(range_days), name=f"dashboard {range_days}")
            self._running[range_days] = task
            task.add_done_callback(lambda done: self._finished(range_days, done))
        try:
            # Shielded: one impatient request must not stop what the others wait for.
            known = await asyncio.wait_for(asyncio.shield(task), PATIENCE_SECONDS)
        except DatabaseUnavailable as error:
            return self._last(range_days, f"The database cannot be asked: {error}.")
        except TimeoutError:
            return self._last(range_days, "The database answers slowly.")
        DEGRADED.set(0)
        return known.body, 0

    async def _refresh(self, range_days: DashboardRange) -> _Known:
        async with self._database.read() as connection:
            dashboard = await compose(connection, self._settings, await clock(connection), range_days)
        known = _Known(dashboard, dashboard.model_dump_json(by_alias=True).encode(), time.monotonic())
        self._known[range_days] = known
        return known

    def _finished(self, range_days: int, task: asyncio.Task[_Known]) -> None:
        self._running.pop(range_days, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("dashboard not refreshed", range=range_days, reason=f"{type(error).__name__}: {error}")

    def _last(self, range_days: int, reason: str) -> tuple[bytes, int]:
        DEGRADED.set(1)
        known = self._known.get(range_days)
        if known is None:
            raise ProblemError(Code.UNAVAILABLE, reason, headers={"Retry-After": "2"})
        degraded = Degraded(since=known.dashboard.as_of, reason=reason)
        body = known.dashboard.model_copy(update={"degraded": degraded}).model_dump_json(by_alias=True)
        return body.encode(), int(time.monotonic() - known.at)
