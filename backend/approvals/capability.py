"""What approvals add to the server."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from backend.approvals.reads import OVERSEERS
from backend.core.capability import Adapters, Audience, Capability, CountSpec, Server, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.settings import Settings


def _routers() -> Sequence[APIRouter]:
    from backend.approvals.routes import router

    return (router,)


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.approvals.actions import expire

    return (Tick("ends of approvals", 5.0, expire),)


def _counts(server: Server) -> Sequence[CountSpec]:
    from backend.approvals.reads import count_decidable

    count = partial(count_decidable, server.approval_kinds)
    return (CountSpec("access.approvals", Permission.APPROVE_ROLES, count),)


CAPABILITY = Capability(
    name="approvals",
    routers=_routers,
    ticks=_ticks,
    audiences={"approval": Audience(Topic.APPROVALS, OVERSEERS, concerned=True)},
    counts=_counts,
)
