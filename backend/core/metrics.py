"""Prometheus metrics of the server itself; each capability keeps its own. Specification: NFR Observability."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

REQUESTS = Counter("opsconsole_requests_total", "Answered requests", ["method", "route", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "opsconsole_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
DATABASE_UP = Gauge("opsconsole_database_up", "1 while the database answers", registry=REGISTRY)
HEARTBEAT_AGE = Gauge("opsconsole_worker_heartbeat_age_seconds", "Since the worker was last heard", registry=REGISTRY)

FAILED_JOBS = Gauge(
    "opsconsole_jobs_failed", "Jobs that were given up and wait for a person, 1 000 at most", registry=REGISTRY
)
STOPPED = Gauge(
    "opsconsole_background_stopped", "Pieces of work in the background that have stopped", registry=REGISTRY
)

SET_ASIDE = Counter(
    "opsconsole_set_aside_rows_total",
    "Rows that work in the background could not deal with",
    ["background"],
    registry=REGISTRY,
)

UNREADABLE = Counter(
    "opsconsole_unreadable_rows_total",
    "Stored rows that no longer fit the contract and were left out of a list",
    ["record"],
    registry=REGISTRY,
)


def exposition() -> bytes:
    """The text Prometheus scrapes."""
    return generate_latest(REGISTRY)
