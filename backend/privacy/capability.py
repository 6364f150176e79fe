"""What privacy adds to the server."""

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
    Gauges,
    PersonalSystem,
    PersonalSystems,
    Retention,
    Retentions,
    Server,
    Service,
    Tick,
)
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.database import Connection, Database
    from backend.core.settings import Settings


_VIEWERS = frozenset({Permission.VIEW_PRIVACY_REQUESTS})


def _setting_problem(settings: Settings) -> str | None:
    from backend.privacy.keys.source import setting_problem

    return setting_problem(settings)


def _state(server: Server) -> Mapping[str, object]:
    from backend.privacy.keys.source import ring_of
    from backend.privacy.ports import PrivacyPorts

    return {"key_ring": ring_of(server.settings), "human_check": server.adapters.of(PrivacyPorts).human_check}


def _routers() -> Sequence[APIRouter]:
    from backend.privacy.consent.routes import router as consent
    from backend.privacy.packages.routes import router as packages
    from backend.privacy.policies.routes import router as policies
    from backend.privacy.request_routes import jurisdictions
    from backend.privacy.request_routes import router as requests
    from backend.privacy.retention.routes import router as retention
    from backend.privacy.run_routes import router as graph

    return consent, policies, requests, jurisdictions, graph, packages, retention


def _ticks(_settings: Settings, adapters: Adapters) -> Sequence[Tick]:
    from backend.privacy.consent.actions import fold_days
    from backend.privacy.deadlines.watch import watch
    from backend.privacy.graph.actions import watch_nodes

    return (
        Tick("copies of keys", 600.0, _copy_keys),
        Tick("keys wrapped anew", 30.0, _wrap_keys_anew),
        Tick("days of consent", 3_600.0, fold_days),
        Tick("clocks of privacy requests", 60.0, watch),
        Tick("privacy nodes that failed", 30.0, watch_nodes),
        Tick("erasures after a restore", 60.0, lambda database, settings: _replay(database, settings, adapters)),
        Tick("retention", 3_600.0, lambda database, settings: _forget_old(database, settings, adapters)),
        Tick("erasures replayed", 86_400.0, lambda database, settings: _replay_all(database, settings, adapters)),
    )


async def _replay(database: Database, settings: Settings, adapters: Adapters) -> None:
    from backend.privacy.erasure.replay import replay_new

    await replay_new(database, settings, adapters.of(PersonalSystems))


async def _replay_all(database: Database, settings: Settings, adapters: Adapters) -> None:
    from backend.privacy.erasure.replay import replay_all

    await replay_all(database, settings, adapters.of(PersonalSystems))


async def _forget_old(database: Database, _settings: Settings, adapters: Adapters) -> None:
    from backend.privacy.retention.actions import forget_old

    await forget_old(database, adapters.of(Retentions))


async def _copy_keys(database: Database, settings: Settings) -> None:
    from backend.privacy.keys.copies import copy_when_due

    await copy_when_due(database, settings)


async def _wrap_keys_anew(database: Database, settings: Settings) -> None:
    from backend.privacy.keys.actions import rotate
    from backend.privacy.keys.source import ring_of

    if (ring := ring_of(settings)) is not None:
        await rotate(database, ring)


def _gauges() -> Gauges:
    from backend.privacy.gauges import measure, unknown

    return Gauges(measure, unknown)


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.privacy.requests.reads import count_open

    return (CountSpec("privacy.requests", Permission.VIEW_PRIVACY_REQUESTS, count_open),)


def _housekeeping() -> Sequence[Callable[[Connection], Awaitable[None]]]:
    from backend.privacy.packages.actions import forget_packages

    return (forget_packages,)


def _sample() -> CreateSample:
    from backend.privacy.sample import create

    return create


def _retention() -> Sequence[Retention]:
    from backend.privacy.personal import JOBS, REQUESTS

    return REQUESTS, JOBS


def _approval_kinds() -> Sequence[ApprovalKind]:
    from backend.privacy.erasure.actions import ERASURE

    return (ERASURE,)


def _personal() -> Sequence[PersonalSystem]:
    from backend.privacy.personal import CONSENT

    return (CONSENT,)


def _services(settings: Settings, adapters: Adapters) -> Sequence[Service]:
    async def run() -> None:
        from backend.privacy.endings import run_nodes

        await run_nodes(settings, adapters.of(PersonalSystems))

    return (Service("privacy nodes", run),)


CAPABILITY = Capability(
    name="privacy",
    setting_problem=_setting_problem,
    state=_state,
    routers=_routers,
    ticks=_ticks,
    gauges=_gauges,
    counts=_counts,
    approval_kinds=_approval_kinds,
    sample=_sample,
    sample_after=frozenset({"accounts", "deliveries", "shop"}),
    housekeeping=_housekeeping,
    personal=_personal,
    retention=_retention,
    services=_services,
    audiences={
        "consent": Audience(Topic.CONSENT, _VIEWERS),
        "privacy_policy": Audience(Topic.PRIVACY_POLICIES, _VIEWERS),
        "policy_acknowledgement": Audience(Topic.PRIVACY_POLICIES, _VIEWERS),
        "privacy_request": Audience(Topic.PRIVACY_REQUESTS, _VIEWERS),
        "retention": Audience(Topic.PRIVACY_REQUESTS, _VIEWERS),
        "privacy_runs": Audience(Topic.PRIVACY_REQUESTS, _VIEWERS),
        "privacy_jurisdiction": Audience(Topic.PRIVACY_REQUESTS, _VIEWERS),
    },
)
