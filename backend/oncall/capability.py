"""What on-call adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import (
    Adapters,
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

    from backend.core.database import Connection
    from backend.core.security import Principal
    from backend.core.settings import Settings

_VIEWERS = frozenset({Permission.VIEW_INCIDENTS})
_ROSTERS = Audience(Topic.ONCALL, _VIEWERS)


def _routers() -> Sequence[APIRouter]:
    from backend.oncall.feeds.routes import router as feeds
    from backend.oncall.pages.routes import router as pages
    from backend.oncall.policies.routes import router as policies
    from backend.oncall.rosters.routes import router as rosters
    from backend.oncall.schedules.routes import router as schedules
    from backend.oncall.swaps.routes import router as swaps

    return schedules, rosters, swaps, policies, pages, feeds


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.oncall.pages.actions import move_on
    from backend.oncall.rosters.cover import watch
    from backend.oncall.swaps.actions import lapse

    return (
        Tick("on-call pages", 2.0, move_on),
        Tick("on-call swaps", 30.0, lapse),
        Tick("cover of on-call", 60.0, watch),
    )


def _gauges() -> Gauges:
    from backend.oncall.gauges import measure, unknown

    return Gauges(measure, unknown)


async def _count_waiting(connection: Connection, principal: Principal) -> int:
    from backend.oncall.pages.reads import count_waiting
    from backend.oncall.swaps.reads import count_open

    return await count_waiting(connection, principal.user_id) + await count_open(connection, principal.user_id)


def _counts(_server: Server) -> Sequence[CountSpec]:
    return (CountSpec("oncall.waiting", Permission.VIEW_INCIDENTS, _count_waiting),)


def _sample() -> CreateSample:
    from backend.oncall.sample import create

    return create


def _criteria() -> Sequence[Criterion]:
    from backend.oncall.criteria import UNCOVERED

    return (UNCOVERED,)


CAPABILITY = Capability(
    name="oncall",
    routers=_routers,
    ticks=_ticks,
    gauges=_gauges,
    criteria=_criteria,
    counts=_counts,
    sample=_sample,
    sample_after=frozenset({"accounts", "deliveries"}),
    audiences={
        "schedule": _ROSTERS,
        "swap_request": _ROSTERS,
        "escalation_policy": _ROSTERS,
        "person_zone": _ROSTERS,
        "page": Audience(Topic.PAGES, _VIEWERS),
    },
)
