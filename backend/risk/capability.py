"""What fraud checks, the queue and the rules add to the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import (
    Adapters,
    ApprovalKind,
    Audience,
    Capability,
    CountSpec,
    CreateSample,
    Criterion,
    Gauges,
    PersonalSystem,
    Server,
    Tick,
)
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter

    from backend.core.database import Connection
    from backend.core.settings import Settings


_RULES = Audience(Topic.RISK_RULES, frozenset({Permission.VIEW_RISK_QUEUE}))
_OF_RULES = (
    "risk_rule_set",
    "risk_list",
    "risk_list_entry",
    "risk_snooze",
    "risk_breaker",
    "risk_policy",
    "risk_backtest",
)


def _routers() -> Sequence[APIRouter]:
    from backend.risk.routes import routers

    return routers


def _state(_server: Server) -> Mapping[str, object]:
    from backend.risk.probing import Guesses

    return {"guesses": Guesses()}


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.risk.backtest.job import blueprint as backtests
    from backend.risk.fulfilment.jobs import blueprint as fulfilment
    from backend.risk.outcomes.job import blueprint as reports

    return fulfilment, backtests, reports


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.risk.backfill import backfill
    from backend.risk.queue.actions import wake
    from backend.risk.shadow.evaluate import run_shadows

    return (
        Tick("risk backfill", 2.0, backfill),
        Tick("ends of snoozes in the risk queue", 2.0, wake),
        Tick("shadow runs", 2.0, run_shadows),
    )


def _gauges() -> Gauges:
    from backend.risk.gauges import measure, unknown

    return Gauges(measure, unknown)


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.risk.queue.reads import count_open

    return (CountSpec("risk.queue", Permission.VIEW_RISK_QUEUE, count_open),)


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.risk.lists.actions import ALLOW, POLICY
    from backend.risk.snoozes.actions import SNOOZE

    return ALLOW, POLICY, SNOOZE


def _housekeeping() -> Sequence[Callable[[Connection], Awaitable[None]]]:
    from backend.risk.lists.actions import forget_requests
    from backend.risk.snoozes.actions import forget_requests as forget_snooze_requests

    return forget_requests, forget_snooze_requests


def _sample() -> CreateSample:
    from backend.risk.sample import create

    return create


def _criteria() -> Sequence[Criterion]:
    from backend.risk.criteria import OPEN_ENTRIES, PAST_CAP, RULE_SET

    return OPEN_ENTRIES, PAST_CAP, RULE_SET


def _personal() -> Sequence[PersonalSystem]:
    from backend.risk.personal import CHECKS

    return (CHECKS,)


CAPABILITY = Capability(
    name="risk",
    routers=_routers,
    state=_state,
    jobs=_jobs,
    ticks=_ticks,
    housekeeping=_housekeeping,
    approval_kinds=_approval_kinds,
    audiences={
        "risk_entry": Audience(Topic.RISK_QUEUE, frozenset({Permission.VIEW_RISK_QUEUE})),
        **dict.fromkeys(_OF_RULES, _RULES),
        "risk_report": Audience(Topic.RISK_RULES, frozenset({Permission.VIEW_REPORTS})),
    },
    gauges=_gauges,
    counts=_counts,
    sample=_sample,
    sample_after=frozenset({"accounts", "shop"}),
    criteria=_criteria,
    personal=_personal,
)
