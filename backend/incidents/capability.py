"""What incidents add to the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import (
    Adapters,
    ApprovalKind,
    Audience,
    Capability,
    CountSpec,
    CreateSample,
    Criterion,
    Gauges,
    Server,
    Tick,
)
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.settings import Settings

_VIEWERS = frozenset({Permission.VIEW_INCIDENTS})


def _routers() -> Sequence[APIRouter]:
    # The address of one incident begins as the others do: it comes last.
    from backend.incidents.alerts.routes import router as rules
    from backend.incidents.context.routes import router as context
    from backend.incidents.matrix.routes import router as matrix
    from backend.incidents.reviews.routes import collections
    from backend.incidents.reviews.routes import router as reviews
    from backend.incidents.routes import router as incidents
    from backend.incidents.timeline.routes import ingest
    from backend.incidents.timeline.routes import router as timeline
    from backend.incidents.updates.routes import router as updates

    return matrix, rules, context, collections, incidents, timeline, updates, reviews, ingest


def _state(server: Server) -> Mapping[str, object]:
    return {"incident_audiences": server.audiences}


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.incidents.alerts.actions import run_rules
    from backend.incidents.reviews.actions import watch
    from backend.incidents.updates.actions import remind

    return (
        Tick("incident rules", 5.0, run_rules),
        Tick("incident updates", 10.0, remind),
        Tick("incident reviews", 60.0, watch),
    )


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.incidents.matrix.actions import MATRIX

    return (MATRIX,)


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.incidents.records.reads import count_open
    from backend.incidents.reviews.reads import count_waiting

    return (
        CountSpec("incidents.open", Permission.VIEW_INCIDENTS, count_open),
        CountSpec("incidents.reviews", Permission.MANAGE_INCIDENTS, count_waiting),
    )


def _gauges() -> Gauges:
    from backend.incidents.gauges import measure, unknown

    return Gauges(measure, unknown)


def _sample() -> CreateSample:
    from backend.incidents.sample import create

    return create


def _criteria() -> Sequence[Criterion]:
    from backend.incidents.criteria import OPEN

    return (OPEN,)


CAPABILITY = Capability(
    name="incidents",
    routers=_routers,
    state=_state,
    ticks=_ticks,
    approval_kinds=_approval_kinds,
    counts=_counts,
    gauges=_gauges,
    criteria=_criteria,
    sample=_sample,
    sample_after=frozenset({"accounts", "alerts", "deliveries", "oncall", "runbooks"}),
    audiences={
        "incident": Audience(Topic.INCIDENTS, _VIEWERS),
        "incident_review": Audience(Topic.INCIDENT_REVIEWS, _VIEWERS),
        "deploy": Audience(Topic.INCIDENTS, _VIEWERS),
        "severity_matrix": Audience(Topic.INCIDENT_SETTINGS, _VIEWERS),
        "incident_rule": Audience(Topic.INCIDENT_SETTINGS, _VIEWERS),
    },
)
"""Incidents: declared, worked together, closed and reviewed."""
