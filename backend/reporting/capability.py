"""What reporting adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, ApprovalKind, Audience, Capability, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter

    from backend.core.settings import Settings


_VIEWERS = frozenset({Permission.VIEW_REPORTS})


def _routers() -> Sequence[APIRouter]:
    from backend.reporting.routes import router

    return (router,)


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.reporting.tables.changes import TABLES

    return (TABLES,)


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.reporting.calendar.actions import Calendar
    from backend.reporting.facts.actions import Folder
    from backend.reporting.tables.actions import keep_up

    return (
        Tick("facts of tax", 1.0, Folder().fold_facts),
        Tick("rates of tax", 3_600.0, keep_up),
        Tick("calendar of tax", 60.0, Calendar().turn),
    )


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.reporting.returns.jobs import blueprint

    return (blueprint,)


CAPABILITY = Capability(
    name="reporting",
    routers=_routers,
    ticks=_ticks,
    jobs=_jobs,
    approval_kinds=_approval_kinds,
    audiences={
        "tax_report": Audience(Topic.TAX_REPORTS, _VIEWERS),
        "tax_tables": Audience(Topic.TAX_REPORTS, _VIEWERS),
    },
)
