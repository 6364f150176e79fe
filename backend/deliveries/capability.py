"""What deliveries add to the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Audience, Capability, CountSpec, Server
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter

_VIEWERS = frozenset({Permission.VIEW_CONNECTIONS})


def _routers() -> Sequence[APIRouter]:
    from backend.deliveries.connections.routes import router as connections

    return (connections,)


def _state(server: Server) -> Mapping[str, object]:
    from backend.deliveries.secrets import SecretStore

    return {"secrets": SecretStore.of(server.settings)}


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.deliveries.connections.reads import count_wrong

    return (CountSpec("deliveries.connections", Permission.VIEW_CONNECTIONS, count_wrong),)


CAPABILITY = Capability(
    name="deliveries",
    routers=_routers,
    state=_state,
    counts=_counts,
    audiences={
        "connection": Audience(Topic.CONNECTIONS, _VIEWERS),
        "letter": Audience(Topic.LETTERS, _VIEWERS),
        "shop_command": Audience(Topic.LETTERS, _VIEWERS),
        "route_map": Audience(Topic.ROUTES, _VIEWERS),
        "template": Audience(Topic.ROUTES, _VIEWERS),
    },
)
