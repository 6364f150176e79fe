"""What every change tells the audit log: one row in its own transaction. Specification: AuditLogEntry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from backend.core.database import Connection, load_queries
from backend.core.json import dumps
from backend.core.logs import correlation_id, request_id

queries = load_queries(__package__, "audit_trail.sql")

WORKER = "system:worker"
SAMPLE_SHOP = "system:sample-shop"
OPERATOR = "system:command-line"


@dataclass(eq=False)
class AuditScope:
    """What a request has told the log. One object, shared by all tasks and threads that work on the request."""

    entries: int = 0
    nothing_changed: bool = False

    @property
    def silent(self) -> bool:
        """Whether neither an entry was written nor anybody said that there was nothing to write."""
        return not (self.entries or self.nothing_changed)


_scope: ContextVar[AuditScope | None] = ContextVar("audit_scope", default=None)


@contextmanager
def audit_scope() -> Iterator[AuditScope]:
    """What is told within the block. ``backend.core.idempotency`` holds every writing request to it."""
    scope = AuditScope()
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def nothing_changed() -> None:
    """Say that a request is answered although it changed nothing: what it asked for was done already."""
    if (scope := _scope.get()) is not None:
        scope.nothing_changed = True


async def record(
    tx: Connection,
    *,
    actor: str,
    action: str,
    resource_type: str,
    resource_id: str,
    label: str | None = None,
    version: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> int:
    """Append one row within ``tx``; returns its sequence number. ``action`` is as in ``alerts.alert.acknowledged``.

    ``label`` is what the resource is called now; how the actor is called now is looked up by the statement itself.
    """
    cursor = await tx.execute(
        queries.append,
        {
            "actor": actor,
            "action": action,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "label": label,
            "version": version,
            "before": None if before is None else Jsonb(dict(before), dumps),
            "after": None if after is None else Jsonb(dict(after), dumps),
            "reason": reason,
            "request_id": request_id.get(),
            "correlation_id": correlation_id.get(),
        },
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    if (scope := _scope.get()) is not None:
        scope.entries += 1
    return int(row[0])


async def person_name(tx: Connection, actor: str) -> str:
    """How an actor is called now; the id itself where nobody knows."""
    row = await (await tx.execute(queries.person_name, {"actor": actor})).fetchone()
    return actor if row is None or row[0] is None else str(row[0])
