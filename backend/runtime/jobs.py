"""Background jobs: Procrastinate on the same PostgreSQL, deferred in the caller's own transaction."""

from __future__ import annotations

from typing import Any, cast

import procrastinate
from psycopg.conninfo import make_conninfo

from backend.capabilities import CAPABILITIES
from backend.core import idempotency
from backend.core.backoff import Backoff
from backend.core.database import APPLICATION_ROLE, Database
from backend.core.defer import NAMESPACE
from backend.core.settings import Settings
from backend.runtime.outside import outside

KEEP_HOURS = 7 * 24
"""Finished jobs stay a week; failed ones, the dead letters, until somebody looks at them."""

blueprint = procrastinate.Blueprint()


@blueprint.periodic(cron="*/10 * * * *", queueing_lock="housekeeping")
@blueprint.task(name="core.housekeeping", queue="core", retry=Backoff(), pass_context=True)
async def housekeeping(context: procrastinate.JobContext, timestamp: int) -> None:
    """Forget what has had its time: answers kept for repeats, what capabilities let go of, finished jobs."""
    del timestamp
    database = cast("Database", context.additional_context["database"])
    async with database.transaction() as tx:
        await tx.execute(idempotency.queries.forget)
        for forget in (forget for each in CAPABILITIES for forget in each.housekeeping()):
            await forget(tx)
    await context.app.job_manager.delete_old_jobs(nb_hours=KEEP_HOURS)


@blueprint.periodic(cron="* * * * *", queueing_lock="stalled")
@blueprint.task(name="core.retry_stalled", queue="core", retry=Backoff(), pass_context=True)
async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:
    """Try again what a killed worker left half done."""
    del timestamp
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)


everything = procrastinate.Blueprint()
"""All tasks under the names their jobs are stored by. Once: to add tasks renames them, and a worker that comes back
after an outage makes its application anew."""
for part in (blueprint, *(part for each in CAPABILITIES for part in each.jobs())):
    everything.add_tasks_from(part, namespace=NAMESPACE)


def job_app(url: str) -> procrastinate.App:
    """The job application on the database at ``url``, working as the application role."""
    connector = procrastinate.PsycopgConnector(
        conninfo=make_conninfo(
            url, options=f"-c role={APPLICATION_ROLE} -c timezone=UTC", application_name="opsconsole jobs"
        ),
        min_size=1,
        max_size=4,
    )
    app = procrastinate.App(connector=connector)
    app.add_tasks_from(everything, namespace="")
    return app


async def work(url: str, database: Database, settings: Settings) -> None:
    """Work on jobs until cancelled. Polls: a NOTIFY would make every commit wait."""
    app = job_app(url)
    async with app.open_async():
        around = {"database": database, "settings": settings, "adapters": outside(settings)}
        options: dict[str, Any] = {"additional_context": around}
        await app.run_worker_async(
            listen_notify=False,
            fetch_job_polling_interval=0.5,
            install_signal_handlers=False,
            shutdown_graceful_timeout=2.0,
            concurrency=2,
            **options,
        )
