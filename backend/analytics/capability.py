"""What analytics adds to the server: the tracking plan, and events that are judged by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from backend.core.capability import (
    Adapters,
    ApprovalKind,
    Audience,
    Capability,
    CountSpec,
    CreateSample,
    Gauges,
    OwnEvent,
    OwnEvents,
    Server,
    Tick,
)
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter, FastAPI

    from backend.core.background import Background
    from backend.core.database import Connection
    from backend.core.settings import Settings

_VIEWERS = frozenset({Permission.VIEW_SCHEMA})


def _routers() -> Sequence[APIRouter]:
    from backend.analytics.inbox.routes import router as inbox
    from backend.analytics.inference.routes import router as inference
    from backend.analytics.intake.routes import router as intake
    from backend.analytics.quarantine.routes import router as quarantine
    from backend.analytics.radius.routes import router as radius
    from backend.analytics.registry.routes import router as registry
    from backend.analytics.validation.routes import router as validation

    return validation, registry, radius, inference, inbox, quarantine, intake


def _state(server: Server) -> Mapping[str, object]:
    from backend.analytics.intake.actions import Intake
    from backend.analytics.validation.compiled import PlanCache

    plans = PlanCache()
    return {"plans": plans, "intake": Intake.of(server.settings, plans)}


def _running(app: FastAPI) -> AbstractAsyncContextManager[None]:
    from backend.analytics.validation.following import follow

    background: Background = app.state.background
    return background.running("tracking plan", follow(app.state.database, app.state.plans))


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.analytics.registry.actions import PUBLISH

    return (PUBLISH,)


def _ticks(settings: Settings, adapters: Adapters) -> Sequence[Tick]:
    from backend.analytics.own.actions import make_events
    from backend.analytics.retention.actions import keep_days

    own = adapters.of(OwnEvents)
    ticks = (
        Tick("event days", 600.0, keep_days),
        Tick("own events", 5.0, lambda database, settings: make_events(database, settings, own)),
    )
    if not settings.sample_shop:
        return ticks
    from backend.analytics.sample import keep_sending

    return (*ticks, Tick("sample events", 5.0, keep_sending))


def _events() -> Sequence[OwnEvent]:
    from backend.analytics.own.catalogue import EVENTS

    return EVENTS


def _housekeeping() -> Sequence[Callable[[Connection], Awaitable[None]]]:
    from backend.analytics.retention.actions import forget

    return (forget,)


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.analytics.inbox.reads import count_open
    from backend.analytics.quarantine.reads import count_held

    return (
        CountSpec("analytics.violations", Permission.VIEW_SCHEMA, count_open),
        CountSpec("analytics.held", Permission.VIEW_SCHEMA, count_held),
    )


def _gauges() -> Gauges:
    from backend.analytics.gauges import measure, unknown

    return Gauges(measure, unknown)


def _sample() -> CreateSample:
    from backend.analytics.sample import create

    return create


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.analytics.radius.jobs import blueprint as radius

    return (radius,)


CAPABILITY = Capability(
    name="analytics",
    routers=_routers,
    jobs=_jobs,
    ticks=_ticks,
    events=_events,
    housekeeping=_housekeeping,
    counts=_counts,
    gauges=_gauges,
    sample=_sample,
    sample_after=frozenset({"accounts"}),
    state=_state,
    running=_running,
    approval_kinds=_approval_kinds,
    audiences={
        "dashboard": Audience(Topic.EVENTS, _VIEWERS),
        "event_schema": Audience(Topic.TRACKING_PLAN, _VIEWERS),
        "event_mode": Audience(Topic.TRACKING_PLAN, _VIEWERS),
        "event_radius": Audience(Topic.TRACKING_PLAN, _VIEWERS),
        "event_batch": Audience(Topic.EVENTS, _VIEWERS),
        "violation": Audience(Topic.EVENTS, _VIEWERS),
        "event_day": Audience(Topic.EVENTS, _VIEWERS),
        "event_quarantine": Audience(Topic.EVENTS, _VIEWERS),
    },
)
