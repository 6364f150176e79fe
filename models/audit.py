"""The audit log. Specification: AuditLogEntry."""

from __future__ import annotations

from typing import Any

from models.base import Count, Identifier, Instant, Record


class AuditLogEntry(Record):
    """One change, as it was written in the transaction that made it."""

    id: Identifier
    position: Count | None
    """Dense, in commit order; ``None`` for the moment until the relay has stamped it."""
    at: Instant
    actor: str
    action: str
    """For example ``alerts.alert.acknowledged``."""
    resource_type: str
    resource_id: str
    version: Count | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    request_id: str | None
