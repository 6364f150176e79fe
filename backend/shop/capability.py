"""What the shop's records add to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Audience, Capability, CreateSample, PersonalSystem, Retention, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.settings import Settings


def _routers() -> Sequence[APIRouter]:
    from backend.shop.ingest.routes import router

    return (router,)


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.shop.rollups import fold

    return (Tick("rollup fold", 1.0, fold),)


def _sample() -> CreateSample:
    from backend.shop.sample import create

    return create


def _personal() -> Sequence[PersonalSystem]:
    from backend.shop.personal import ORDERS, QUARANTINE

    return ORDERS, QUARANTINE


def _retention() -> Sequence[Retention]:
    from backend.shop.personal import KEPT_QUARANTINE

    return (KEPT_QUARANTINE,)


CAPABILITY = Capability(
    name="shop",
    routers=_routers,
    ticks=_ticks,
    audiences={"ingest_batch": Audience(Topic.DASHBOARD, frozenset({Permission.VIEW_DASHBOARD}))},
    sample=_sample,
    personal=_personal,
    retention=_retention,
)
