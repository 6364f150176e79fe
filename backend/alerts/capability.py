"""What alerts and their rules add to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Audience, Capability, CreateSample, Criterion, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.settings import Settings


def _routers() -> Sequence[APIRouter]:
    from backend.alerts.routes import router

    return (router,)


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.alerts.evaluate import evaluate

    return (Tick("alert evaluation", 10.0, evaluate),)


def _sample() -> CreateSample:
    from backend.alerts.sample import create

    return create


def _criteria() -> Sequence[Criterion]:
    from backend.alerts.criteria import OPEN

    return (OPEN,)


CAPABILITY = Capability(
    name="alerts",
    routers=_routers,
    ticks=_ticks,
    audiences={
        "alert": Audience(Topic.ALERTS, frozenset({Permission.VIEW_DASHBOARD})),
        "alert_rule": Audience(Topic.ALERT_RULES, frozenset({Permission.VIEW_DASHBOARD})),
    },
    sample=_sample,
    criteria=_criteria,
)
