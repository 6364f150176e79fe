"""What notes add to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Audience, Capability, CountSpec, CreateSample, Server
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter


def _routers() -> Sequence[APIRouter]:
    from backend.notes.routes import router

    return (router,)


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.notes.jobs import blueprint

    return (blueprint,)


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.notes.reads import count_open

    return (CountSpec("notes.open", Permission.VIEW_DASHBOARD, count_open),)


def _sample() -> CreateSample:
    from backend.notes.sample import create

    return create


CAPABILITY = Capability(
    name="notes",
    routers=_routers,
    jobs=_jobs,
    audiences={"note": Audience(Topic.NOTES, frozenset({Permission.VIEW_DASHBOARD}))},
    counts=_counts,
    sample=_sample,
)
