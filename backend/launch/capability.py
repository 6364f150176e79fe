"""What launches add to the server."""

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
    Gauges,
    Server,
    Tick,
)
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.settings import Settings

_VIEWERS = frozenset({Permission.VIEW_CHECKLIST})
_LAUNCHES = Audience(Topic.LAUNCHES, _VIEWERS)


def _routers() -> Sequence[APIRouter]:
    from backend.launch.routes import routers

    return routers


def _state(_server: Server) -> Mapping[str, object]:
    from backend.launch.poll.shared_status import SharedStatus

    return {"launch_statuses": SharedStatus()}


def _ticks(settings: Settings, adapters: Adapters) -> Sequence[Tick]:
    from backend.launch.ticks import ticks

    return ticks(settings, adapters)


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.launch.checklist.reads import count_mine

    return (CountSpec("launch.items", Permission.COMPLETE_CHECKLIST, count_mine),)


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.launch.checklist.actions import WAIVER
    from backend.launch.poll.actions import OVERRIDE

    return WAIVER, OVERRIDE


def _sample() -> CreateSample:
    from backend.launch.sample import create

    return create


def _gauges() -> Gauges:
    from backend.launch.gauges import measure, unknown

    return Gauges(measure, unknown)


CAPABILITY = Capability(
    name="launch",
    routers=_routers,
    state=_state,
    ticks=_ticks,
    approval_kinds=_approval_kinds,
    audiences={
        "launch": _LAUNCHES,
        "launch_clock": _LAUNCHES,
        "launch_poll": _LAUNCHES,
        "launch_vote": _LAUNCHES,
        "launch_lesson": _LAUNCHES,
        "launch_item": Audience(Topic.CHECKLIST, _VIEWERS),
        "launch_template": Audience(Topic.LAUNCH_TEMPLATES, _VIEWERS),
    },
    counts=_counts,
    gauges=_gauges,
    sample=_sample,
    sample_after=frozenset({"accounts"}),
)
