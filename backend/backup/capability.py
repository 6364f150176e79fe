"""What backups add to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Capability, Criterion, Gauges, Tick

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter

    from backend.core.settings import Settings


def _routers() -> Sequence[APIRouter]:
    from backend.backup.routes import router

    return (router,)


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.backup.daily import blueprint

    return (blueprint,)


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.backup.daily import watch

    return (Tick("backup watch", 60.0, watch),)


def _gauges() -> Gauges:
    from backend.backup.gauges import measure, unknown

    return Gauges(measure, unknown)


def _setting_problem(settings: Settings) -> str | None:
    from backend.backup.keys import setting_problem

    return setting_problem(settings)


def _criteria() -> Sequence[Criterion]:
    from backend.backup.criteria import RESTORED

    return (RESTORED,)


CAPABILITY = Capability(
    name="backup",
    routers=_routers,
    jobs=_jobs,
    ticks=_ticks,
    gauges=_gauges,
    setting_problem=_setting_problem,
    criteria=_criteria,
)
