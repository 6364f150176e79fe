"""Liveness and readiness. Specification: NFR Observability."""

from __future__ import annotations

from typing import Literal

from models.core.base import Instant, Record


class Health(Record):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str
    as_of: Instant


class Check(Record):
    """One thing the API needs."""

    name: str
    ok: bool
    detail: str


class Readiness(Record):
    """Whether the API can do its work: database, migrations, worker heartbeat."""

    ready: bool
    checks: tuple[Check, ...]
    as_of: Instant
