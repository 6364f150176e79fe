"""What the live stream adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from backend.core.capability import Capability, Server

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from backend.core.background import Background


def _routers() -> Sequence[APIRouter]:
    from backend.live.routes import router

    return (router,)


def _state(server: Server) -> dict[str, object]:
    from backend.live.broadcast import Broadcast

    return {"live": Broadcast(server.database, server.audiences)}


def _running(app: FastAPI) -> AbstractAsyncContextManager[None]:
    background: Background = app.state.background
    return background.running("live stream", app.state.live.run())


def _end(app: FastAPI) -> None:
    app.state.live.end()


CAPABILITY = Capability(
    name="live",
    routers=_routers,
    state=_state,
    running=_running,
    ending=_end,
)
