"""What analytics adds to the server: the tracking plan, and events that are judged by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from backend.core.capability import ApprovalKind, Audience, Capability, Server
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from backend.core.background import Background

_VIEWERS = frozenset({Permission.VIEW_SCHEMA})


def _routers() -> Sequence[APIRouter]:
    from backend.analytics.intake.routes import router as intake
    from backend.analytics.registry.routes import router as registry
    from backend.analytics.validation.routes import router as validation

    return validation, registry, intake


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


CAPABILITY = Capability(
    name="analytics",
    routers=_routers,
    state=_state,
    running=_running,
    approval_kinds=_approval_kinds,
    audiences={
        "event_schema": Audience(Topic.TRACKING_PLAN, _VIEWERS),
        "event_mode": Audience(Topic.TRACKING_PLAN, _VIEWERS),
        "event_batch": Audience(Topic.EVENTS, _VIEWERS),
        "violation": Audience(Topic.EVENTS, _VIEWERS),
        "event_quarantine": Audience(Topic.EVENTS, _VIEWERS),
    },
)
