"""What privacy adds to the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Audience, Capability, CountSpec, Gauges, Server, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.database import Database
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
    from backend.privacy.policies.routes import router as policies
    from backend.privacy.requests.routes import jurisdictions
    from backend.privacy.requests.routes import router as requests

    return consent, policies, requests, jurisdictions


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.privacy.consent.actions import fold_days
    from backend.privacy.deadlines.watch import watch

    return (
        Tick("copies of keys", 600.0, _copy_keys),
        Tick("keys wrapped anew", 30.0, _wrap_keys_anew),
        Tick("days of consent", 3_600.0, fold_days),
        Tick("clocks of privacy requests", 60.0, watch),
    )


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


CAPABILITY = Capability(
    name="privacy",
    setting_problem=_setting_problem,
    state=_state,
    routers=_routers,
    ticks=_ticks,
    gauges=_gauges,
    counts=_counts,
    audiences={
        "consent": Audience(Topic.CONSENT, _VIEWERS),
        "privacy_policy": Audience(Topic.PRIVACY_POLICIES, _VIEWERS),
        "policy_acknowledgement": Audience(Topic.PRIVACY_POLICIES, _VIEWERS),
        "privacy_request": Audience(Topic.PRIVACY_REQUESTS, _VIEWERS),
        "privacy_jurisdiction": Audience(Topic.PRIVACY_REQUESTS, _VIEWERS),
    },
)
