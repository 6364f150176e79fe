"""What runbooks add to the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Audience, Capability, CreateSample, Criterion, Gauges, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.settings import Settings

_READERS = frozenset({Permission.VIEW_DASHBOARD})


def _routers() -> Sequence[APIRouter]:
    from backend.runbooks.routes import router

    return (router,)


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.runbooks.library import load
    from backend.runbooks.publishing import publish
    from backend.runbooks.reviews import watch

    return (
        Tick("runbooks of the program", 3_600.0, load),
        Tick("runbook reviews", 300.0, watch),
        Tick("published runbooks", 20.0, publish),
    )


def _gauges() -> Gauges:
    from backend.runbooks.gauges import measure, unknown

    return Gauges(measure, unknown)


def _setting_problem(settings: Settings) -> str | None:
    place = settings.runbooks_to
    if place is not None and not place.startswith("s3://") and Path(place).exists() and not Path(place).is_dir():
        return f"OPSCONSOLE_RUNBOOKS_TO: {place} is no folder, and no s3://bucket/prefix"
    return None


def _sample() -> CreateSample:
    from backend.runbooks.sample import create

    return create


def _criteria() -> Sequence[Criterion]:
    from backend.runbooks.criteria import AGE, PAST_REVIEW

    return AGE, PAST_REVIEW


CAPABILITY = Capability(
    name="runbooks",
    routers=_routers,
    ticks=_ticks,
    audiences={
        "runbook": Audience(Topic.RUNBOOKS, _READERS),
        "runbook_run": Audience(Topic.RUNBOOKS, _READERS),
    },
    gauges=_gauges,
    criteria=_criteria,
    setting_problem=_setting_problem,
    sample=_sample,
    sample_after=frozenset({"access", "accounts", "alerts"}),
)
