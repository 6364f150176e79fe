"""Jobs begin where something was asked for: deferred in the transaction that asks, so that both happen or neither."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from backend.core.clock import clock
from backend.core.database import Connection

if TYPE_CHECKING:
    import procrastinate

NAMESPACE: Final = "opsconsole"


@cache
def _app() -> procrastinate.App:
    """Never opened: every job is deferred on the connection of its transaction. Takes its time to import."""
    import procrastinate

    return procrastinate.App(connector=procrastinate.PsycopgConnector())


def stored_name(task: str) -> str:
    """The name under which jobs of a task, such as ``risk.backtest``, are stored."""
    return f"{NAMESPACE}:{task}"


async def defer(tx: Connection, task: str, *, seconds: float = 0.0, **arguments: str | int) -> None:
    """Defer a task, such as ``risk.backtest``, within ``tx``; a worker takes it up after the commit.

    Args:
        tx: The transaction of what the job follows from.
        task: The task, without the namespace.
        seconds: How long the job waits, by the database's clock; none: it is due at once.
        arguments: What the task is called with.
    """
    at = await clock(tx) + timedelta(seconds=seconds) if seconds else None
    deferrer = _app().configure_task(stored_name(task), connection=tx, queue="core", schedule_at=at)
    await deferrer.defer_async(**arguments)
