"""Jobs begin where something was asked for: deferred in the transaction that asks, so that both happen or neither."""

from __future__ import annotations

import procrastinate

from backend.core.database import Connection

_app = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""Never opened: every job is deferred on the connection of its transaction."""


async def defer(tx: Connection, task: str, **arguments: str | int) -> None:
    """Defer a task, such as ``risk.backtest``, within ``tx``; a worker takes it up after the commit."""
    deferrer = _app.configure_task(f"opsconsole:{task}", connection=tx, queue="core")
    await deferrer.defer_async(**arguments)
