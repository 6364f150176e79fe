"""What roles, their holders, break-glass access, drift and use add to the server."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from backend.access.ports import AccessPorts
from backend.approvals import OVERSEERS
from backend.core.capability import Adapters, ApprovalKind, Audience, Capability, CreateSample, Server, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from backend.core.background import Background
    from backend.core.settings import Settings


def _routers() -> Sequence[APIRouter]:
    from backend.access.break_glass.routes import router as reviews
    from backend.access.drift.routes import router as drift
    from backend.access.routes import router
    from backend.access.usage.routes import router as usage

    return router, reviews, usage, drift


def _state(_server: Server) -> dict[str, object]:
    from backend.access.usage.actions import Usage

    return {"usage": Usage()}


def _running(app: FastAPI) -> AbstractAsyncContextManager[None]:
    background: Background = app.state.background
    return background.running("usage", app.state.usage.keep_writing(app.state.database))


def _ticks(_settings: Settings, adapters: Adapters) -> Sequence[Tick]:
    from backend.access.actions import end_expired
    from backend.access.drift.actions import check

    systems = adapters.of(AccessPorts).systems
    return (
        Tick("ends of grants", 1.0, end_expired),
        Tick("access in outside systems", 300.0, lambda database, settings: check(database, settings, systems)),
    )


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.access.actions import BREAK_GLASS, GRANT, ROLE_CHANGE

    return GRANT, BREAK_GLASS, ROLE_CHANGE


def _sample() -> CreateSample:
    from backend.access.sample import create

    return create


CAPABILITY = Capability(
    name="access",
    routers=_routers,
    state=_state,
    running=_running,
    ticks=_ticks,
    approval_kinds=_approval_kinds,
    audiences={
        "role": Audience(Topic.ROLES, frozenset(Permission)),
        "role_assignment": Audience(Topic.ASSIGNMENTS, OVERSEERS, concerned=True),
        "access_review": Audience(Topic.REVIEWS, frozenset({Permission.VIEW_AUDIT})),
        "access_difference": Audience(Topic.DRIFT, frozenset({Permission.VIEW_AUDIT})),
    },
    changes_access=frozenset({"role", "role_assignment"}),
    sample=_sample,
    sample_after=frozenset({"accounts"}),
)
