"""Prometheus metrics. Specification: NFR Observability."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

REQUESTS = Counter("opsconsole_requests_total", "Answered requests", ["method", "route", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "opsconsole_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
INGESTED = Counter("opsconsole_ingested_rows_total", "Ingested rows", ["kind", "outcome"], registry=REGISTRY)
DEGRADED = Gauge("opsconsole_dashboard_degraded", "1 while the dashboard repeats an earlier answer", registry=REGISTRY)
DATABASE_UP = Gauge("opsconsole_database_up", "1 while the database answers", registry=REGISTRY)
RELAY_LAG = Gauge(
    "opsconsole_audit_relay_lag_seconds", "How long the oldest unstamped audit row has waited", registry=REGISTRY
)
HEARTBEAT_AGE = Gauge("opsconsole_worker_heartbeat_age_seconds", "Since the worker was last heard", registry=REGISTRY)
RISK_OPEN = Gauge("opsconsole_risk_entries_open", "Entries of the risk queue that wait", ["status"], registry=REGISTRY)
RISK_OVERDUE = Gauge("opsconsole_risk_entries_overdue", "Entries that wait longer than they should", registry=REGISTRY)
RISK_INTENTS_FAILED = Gauge(
    "opsconsole_risk_intents_failed", "Verdicts the shop did not carry out, 1 000 at most", registry=REGISTRY
)
RISK_DECISIONS = Counter(
    "opsconsole_risk_decisions_total", "Decisions on entries", ["outcome", "verdict"], registry=REGISTRY
)


def set_risk(figures: Sequence[int] | None) -> None:
    """Open, escalated and overdue entries, and failed intents; ``None`` when they are not known."""
    opened, escalated, overdue, failed = figures or (nan,) * 4
    RISK_OPEN.labels("open").set(opened)
    RISK_OPEN.labels("escalated").set(escalated)
    RISK_OVERDUE.set(overdue)
    RISK_INTENTS_FAILED.set(failed)


def exposition() -> bytes:
    """The text Prometheus scrapes."""
    return generate_latest(REGISTRY)
