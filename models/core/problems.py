"""Errors on the wire: RFC 9457 problem documents with one registry of codes.

Each code has one HTTP status and one title. ``docs/problems.md`` lists them for the people who meet them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from models.core.base import Record


class Code(StrEnum):
    """Every way a request can fail, as a stable name a program can test for. In blocks, by capability."""

    # --- core
    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - a code, not a secret
    STEP_UP_NEEDED = "step-up-needed"
    PERMISSION_MISSING = "permission-missing"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    CONFLICT = "conflict"
    IN_PROGRESS = "in-progress"
    STALE_VERSION = "stale-version"
    VERSION_MISSING = "version-missing"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    IDEMPOTENCY_KEY_MISSING = "idempotency-key-missing"
    REQUEST_TIMEOUT = "request-timeout"
    TOO_LARGE = "too-large"
    HEADERS_TOO_LARGE = "headers-too-large"
    TOO_MANY_REQUESTS = "too-many-requests"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"

    # --- access

    # --- accounts

    # --- alerts

    # --- analytics

    # --- approvals

    # --- audit

    # --- backup

    # --- dashboard

    # --- deliveries

    # --- figures

    # --- files

    # --- incidents

    # --- launch
    EVIDENCE_CHANGED = "evidence-changed"

    # --- live

    # --- oncall

    # --- privacy

    # --- reporting

    # --- risk

    # --- runbooks

    # --- sample

    # --- shop


class Meaning(NamedTuple):
    """Status and title of a code."""

    status: int
    title: str


REGISTRY: dict[Code, Meaning] = {
    # --- core
    Code.INVALID: Meaning(422, "The request does not fit the contract"),
    Code.UNAUTHENTICATED: Meaning(401, "Nobody is signed in"),
    Code.TOKEN_EXPIRED: Meaning(401, "The session has expired"),
    Code.STEP_UP_NEEDED: Meaning(401, "A fresh second factor is needed"),
    Code.PERMISSION_MISSING: Meaning(403, "A permission is missing"),
    Code.NOT_FOUND: Meaning(404, "There is no such record"),
    Code.METHOD_NOT_ALLOWED: Meaning(405, "The address does not offer this method"),
    Code.CONFLICT: Meaning(409, "It was already done differently"),
    Code.IN_PROGRESS: Meaning(409, "The same request is still being worked on"),
    Code.STALE_VERSION: Meaning(412, "Somebody else changed the record meanwhile"),
    Code.VERSION_MISSING: Meaning(428, "The version the change is based on is missing"),
    Code.IDEMPOTENCY_KEY_REUSED: Meaning(422, "The idempotency key was used for another request"),
    Code.IDEMPOTENCY_KEY_MISSING: Meaning(422, "The Idempotency-Key header is missing"),
    Code.REQUEST_TIMEOUT: Meaning(408, "The request did not come in time"),
    Code.TOO_LARGE: Meaning(413, "The request is too large"),
    Code.HEADERS_TOO_LARGE: Meaning(431, "The headers are too large"),
    Code.TOO_MANY_REQUESTS: Meaning(429, "Too many requests"),
    Code.UNAVAILABLE: Meaning(503, "The service cannot answer just now"),
    Code.INTERNAL: Meaning(500, "The service failed"),
    # --- access
    # --- accounts
    # --- alerts
    # --- analytics
    # --- approvals
    # --- audit
    # --- backup
    # --- dashboard
    # --- deliveries
    # --- figures
    # --- files
    # --- incidents
    # --- launch
    Code.EVIDENCE_CHANGED: Meaning(412, "What the vote is bound to has changed"),
    # --- live
    # --- oncall
    # --- privacy
    # --- reporting
    # --- risk
    # --- runbooks
    # --- sample
    # --- shop
}


class FieldError(Record):
    """One thing that is wrong with a request. ``pointer`` is a JSON pointer into its body, or ``query:name``."""

    pointer: str
    code: str
    message: str


class Problem(Record):
    """RFC 9457 ``application/problem+json``."""

    type: str
    title: str
    status: int
    detail: str
    code: Code
    errors: tuple[FieldError, ...] = ()
    permission: str | None = None
    """The permission that is missing, for ``permission-missing``."""
    current: dict[str, Any] | None = None
    """The record as it is now, where a conflict is easier to settle with it."""
    request_id: str | None = None
