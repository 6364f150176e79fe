"""An API with alerts, whose incidents tests work on, and the worker's turns by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from backend.audit.relay import queries as audit_queries
from backend.core.database import Database
from tests.conftest import Api

BASE = "/api/operations/incidents"
DRAFT = {"severity": "SEV2", "description": "EU downloads failing\nSigned links from fra2 end too early."}
LEAD, RESPONDER, ADMINISTRATOR = "operations-lead", "incident-responder", "administrator"

ALERT = """
insert into alert (id, version, valid_from, cause, title, severity, state, condition, raised_at, evaluated_at, guidance,
                   runbook_url, source, key)
values (uuidv7(), 1, now(), 'breached', %(title)s, %(severity)s, 'active', 'breached', now() - %(age)s, now(), 'Look.',
        '', %(source)s, %(key)s)
returning id::text
"""


class Response:
    """The people who respond to incidents, over HTTP."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def send(
        self, method: str, path: str, body: Any = None, *, by: str = RESPONDER, version: object = None, **more: Any
    ) -> httpx.Response:
        headers = self.api.headers(by) | ({} if version is None else {"If-Match": f'"{version}"'})
        return httpx.request(method, self.api.base_url + path, json=body, headers=headers, timeout=30, **more)

    def done(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """As ``send``, of what must work; the answer."""
        answer = self.send(method, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def open(self, **more: Any) -> dict[str, Any]:
        """A new incident."""
        by = more.pop("by", RESPONDER)
        return dict(self.done("POST", BASE, DRAFT | more, by=by))

    def get(self, incident: Any) -> dict[str, Any]:
        """An incident as it is now."""
        return dict(self.done("GET", path_of(incident)))

    def to(self, incident: Any, status: str, **more: Any) -> dict[str, Any]:
        """An incident that has come to a status."""
        version = self.get(incident)["version"]
        return dict(self.done("POST", f"{path_of(incident)}/update", {"status": status}, version=version, **more))

    def refused(self, answer: httpx.Response, status: int, words: str = "", pointer: str | None = None) -> None:
        """It is a problem that says so."""
        assert answer.status_code == status, answer.text
        problem = answer.json()
        assert words in problem["detail"], problem
        if pointer is not None:
            assert pointer in [each["pointer"] for each in problem["errors"]], problem

    def sql(self, statement: str, values: Any = None) -> list[Any]:
        """What the owner of the database reads, or does."""
        with psycopg.connect(self.api.owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def alert(
        self, source: str = "downloads", *, age: float = 0.0, severity: str = "P2", title: str = "Failing"
    ) -> str:
        """An alert that burns."""
        values = {"source": source, "key": uuid4().hex, "severity": severity, "title": title}
        [(alert_id,)] = self.sql(ALERT, values | {"age": timedelta(minutes=age)})
        return str(alert_id)

    def audited(self, action: str) -> list[dict[str, Any]]:
        """Entries of the audit log."""
        names = ("actor", "resource_id", "before", "after", "reason")
        rows = self.sql(
            "select actor, resource_id, before, after, reason from audit_log where action = %s order by seq", [action]
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def turn(self, tick: Callable[[Database, Any], Coroutine[Any, Any, None]]) -> None:
        """A turn of the worker."""

        async def run() -> None:
            database = Database(self.api.settings.database_url or "")
            await database.open()
            try:
                await tick(database, self.api.settings)
            finally:
                await database.close()

        asyncio.run(run())

    def stamped(self) -> None:
        """All entries of the log have positions."""
        with psycopg.connect(self.api.owner_url, autocommit=True) as connection:
            while connection.execute(audit_queries.lag).fetchone() != (0.0,):
                connection.execute(audit_queries.stamp)


def path_of(incident: Any) -> str:
    """The address of an incident."""
    return f"{BASE}/{incident if isinstance(incident, str) else incident['incidentId']}"


def ago(**more: float) -> str:
    """An instant of the past as the API takes it."""
    return (datetime.now(UTC) - timedelta(**more)).isoformat()
