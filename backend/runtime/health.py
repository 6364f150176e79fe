"""``/healthz``, ``/readyz`` and ``/metrics``. Specification: NFR Observability."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from math import nan

from fastapi import APIRouter, Depends, Request, Response
from pydantic import SecretStr

from backend.core import metrics
from backend.core.database import Database, DatabaseUnavailable, load_queries
from backend.core.dependencies import database_of
from backend.core.problems import ProblemError, raises
from backend.core.security import CHALLENGE
from backend.migrations.revisions import as_text, newest
from backend.runtime.actions import Writes
from models.core.health import Check, Health, Readiness
from models.core.problems import Code

queries = load_queries(__package__, "health.sql")
router = APIRouter(tags=["health"])

HEARTBEAT_MOST = 30.0
"""Seconds of silence after which the worker counts as gone."""


@router.get("/healthz")
async def healthz(http: Request) -> Health:
    """The process answers."""
    return Health(version=http.app.version, as_of=datetime.now(UTC))


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready."}})
async def readyz(http: Request, response: Response) -> Readiness:
    """Whether database, migrations and worker are there; 503 when one is not."""
    writes: Writes = http.app.state.writes
    checks = await _checks(database_of(http), writes, http.app.state.background.stopped)
    ready = all(check.ok for check in checks)
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return Readiness(ready=ready, checks=checks, as_of=datetime.now(UTC))


async def _checks(database: Database, writes: Writes, stopped: Sequence[str]) -> tuple[Check, ...]:
    try:
        async with database.read() as connection:
            row = await (await connection.execute(queries.readiness)).fetchone()
    except DatabaseUnavailable as error:
        return (Check(name="database", ok=False, detail=str(error)),)
    taken = await writes.check(database)
    revisions, silent, stuck = row or ((), None, ())
    heard = "never heard" if silent is None else f"heard {silent:.0f} s ago"
    known, wanted = frozenset(revisions), newest()
    return (
        Check(name="database", ok=True, detail="answers"),
        taken,
        Check(name="migrations", ok=known == wanted, detail=f"at {as_text(known)}, wanted {as_text(wanted)}"),
        Check(
            name="worker",
            ok=silent is not None and silent < HEARTBEAT_MOST and not stuck,
            detail=f"{heard}; stopped: {', '.join(stuck)}" if stuck else heard,
        ),
        Check(name="background", ok=not stopped, detail=f"stopped: {', '.join(stopped)}" if stopped else "goes on"),
    )


@raises(Code.UNAUTHENTICATED)
def _scraper(http: Request) -> None:
    wanted: SecretStr | None = http.app.state.settings.metrics_token
    if wanted is None:
        return
    scheme, _, given = http.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secrets.compare_digest(given.encode(), wanted.get_secret_value().encode()):
        raise ProblemError(
            Code.UNAUTHENTICATED, "Metrics need the token of OPSCONSOLE_METRICS_TOKEN.", headers=CHALLENGE
        )


@router.get("/metrics", response_class=Response, dependencies=[Depends(_scraper)])
async def prometheus(http: Request) -> Response:
    """Prometheus exposition; closed by ``OPSCONSOLE_METRICS_TOKEN``."""
    from backend.capabilities import CAPABILITIES  # who waits for the server to start needs none of them

    gauges = [each.gauges() for each in CAPABILITIES if each.gauges is not None]
    try:
        async with database_of(http).read() as connection:
            row = await (await connection.execute(queries.readiness)).fetchone()
            failed = await (await connection.execute(queries.failed_jobs)).fetchone()
            for each in gauges:
                await each.measure(connection)
    except DatabaseUnavailable:
        metrics.DATABASE_UP.set(0)
        for gauge in (metrics.HEARTBEAT_AGE, metrics.FAILED_JOBS, metrics.STOPPED):
            gauge.set(nan)
        for each in gauges:
            each.unknown()
    else:
        metrics.DATABASE_UP.set(1)
        _revisions, silent, stuck = row or ((), None, ())
        metrics.HEARTBEAT_AGE.set(nan if silent is None else silent)
        metrics.FAILED_JOBS.set(failed[0] if failed else nan)
        metrics.STOPPED.set(len(stuck) + len(http.app.state.background.stopped))
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")
