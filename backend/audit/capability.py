"""What the audit log adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Capability, Criterion, Gauges, Tick

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.settings import Settings


def _routers() -> Sequence[APIRouter]:
    from backend.audit.routes import router

    return (router,)


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.audit.relay import stamp
    from backend.audit.seal import seal

    return Tick("audit relay", 0.25, stamp), Tick("audit seal", 5.0, seal)


def _gauges() -> Gauges:
    from backend.audit.gauges import measure, unknown

    return Gauges(measure, unknown)


def _setting_problem(settings: Settings) -> str | None:
    from backend.audit.sealing_keys import setting_problem

    return setting_problem(settings)


def _criteria() -> Sequence[Criterion]:
    from backend.audit.criteria import SEALED

    return (SEALED,)


CAPABILITY = Capability(
    name="audit",
    routers=_routers,
    ticks=_ticks,
    gauges=_gauges,
    setting_problem=_setting_problem,
    criteria=_criteria,
)
