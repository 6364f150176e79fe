"""What the dashboard adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Capability, Server

if TYPE_CHECKING:
    from fastapi import APIRouter


def _routers() -> Sequence[APIRouter]:
    from backend.dashboard.routes import router

    return (router,)


def _state(server: Server) -> dict[str, object]:
    from backend.dashboard.cache import Dashboards

    return {"dashboards": Dashboards(server.database, server.settings)}


CAPABILITY = Capability(
    name="dashboard",
    routers=_routers,
    state=_state,
)
