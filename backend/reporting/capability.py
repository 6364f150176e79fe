"""What reporting adds to the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, ApprovalKind, Audience, Capability, CreateSample, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter

    from backend.core.database import Connection
    from backend.core.settings import Settings


_VIEWERS = frozenset({Permission.VIEW_REPORTS})


def _routers() -> Sequence[APIRouter]:
    from backend.reporting.delivery.routes import router as delivery
    from backend.reporting.routes import router

    # Links first: their address looks like that of a report.
    return delivery, router


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.reporting.tables.actions import TABLES

    return (TABLES,)


def _ticks(_settings: Settings, adapters: Adapters) -> Sequence[Tick]:
    from backend.reporting.calendar.actions import Calendar, prove
    from backend.reporting.delivery.actions import freeze_missing, look_for_acknowledgements
    from backend.reporting.facts.actions import Folder
    from backend.reporting.ports import ReportingPorts
    from backend.reporting.tables.actions import keep_up

    return (
        Tick("facts of tax", 1.0, Folder().fold_facts),
        Tick("rates of tax", 3_600.0, keep_up),
        Tick("calendar of tax", 60.0, Calendar().turn),
        Tick("proof of tax reports", 86_400.0, prove),
        Tick("files of tax reports", 30.0, freeze_missing),
        Tick(
            "acknowledgements of tax reports",
            300.0,
            lambda database, _settings: look_for_acknowledgements(database, adapters.of(ReportingPorts).dropbox),
        ),
    )


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.reporting.delivery.jobs import blueprint as delivery
    from backend.reporting.returns.jobs import blueprint

    return blueprint, delivery


def _housekeeping() -> Sequence[Callable[[Connection], Awaitable[None]]]:
    from backend.reporting.delivery.actions import forget_links

    return (forget_links,)


def _setting_problem(settings: Settings) -> str | None:
    key = settings.finance_sftp_key_file
    if key is not None and not key.is_file():
        return f"OPSCONSOLE_FINANCE_SFTP_KEY_FILE: there is no file {key}"
    return None


def _sample() -> CreateSample:
    from backend.reporting.sample import create

    return create


CAPABILITY = Capability(
    name="reporting",
    routers=_routers,
    ticks=_ticks,
    jobs=_jobs,
    housekeeping=_housekeeping,
    setting_problem=_setting_problem,
    sample=_sample,
    sample_after=frozenset({"accounts", "deliveries", "risk", "shop"}),
    approval_kinds=_approval_kinds,
    audiences={
        "tax_report": Audience(Topic.TAX_REPORTS, _VIEWERS),
        "tax_tables": Audience(Topic.TAX_REPORTS, _VIEWERS),
    },
)
