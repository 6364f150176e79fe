"""What deliveries add to the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import (
    Adapters,
    Audience,
    Capability,
    CountSpec,
    CreateSample,
    Criterion,
    Gauges,
    Server,
    Service,
    Tick,
)
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter

    from backend.core.database import Connection
    from backend.core.settings import Settings

_VIEWERS = frozenset({Permission.VIEW_CONNECTIONS})


def _setting_problem(settings: Settings) -> str | None:
    from backend.deliveries.secrets import setting_problem

    return setting_problem(settings)


def _routers() -> Sequence[APIRouter]:
    from backend.deliveries.connections.routes import router as connections
    from backend.deliveries.hooks.routes import router as hooks
    from backend.deliveries.letters.routes import router as letters
    from backend.deliveries.routing.routes import router as routing

    return connections, letters, routing, hooks


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.deliveries.hooks.jobs import blueprint

    return (blueprint,)


def _ticks(settings: Settings, adapters: Adapters) -> Sequence[Tick]:
    from backend.deliveries.ports import DeliveryPorts
    from backend.deliveries.routing.actions import write_digests
    from backend.deliveries.watching.actions import watch

    alarms = adapters.of(DeliveryPorts).alarms
    ticks = (
        Tick("daily messages", 60.0, write_digests),
        Tick("connections", 5.0, lambda database, settings: watch(database, settings, alarms)),
    )
    if settings.dead_man_url is None:
        return ticks
    from backend.deliveries.watching.dead_man import sign_of_life

    return (*ticks, Tick("sign of life", 60.0, sign_of_life))


def _housekeeping() -> Sequence[Callable[[Connection], Awaitable[None]]]:
    from backend.deliveries.watching.actions import forget

    return (forget,)


def _gauges() -> Gauges:
    from backend.deliveries.gauges import measure, unknown

    return Gauges(measure, unknown)


def _services(settings: Settings, adapters: Adapters) -> Sequence[Service]:
    from backend.deliveries.ports import DeliveryPorts

    async def send() -> None:
        from backend.deliveries.sending.service import send

        await send(settings, adapters.of(DeliveryPorts))

    return (Service("sender", send),)


def _state(server: Server) -> Mapping[str, object]:
    from backend.deliveries.secrets import SecretStore

    return {"secrets": SecretStore.of(server.settings)}


def _counts(_server: Server) -> Sequence[CountSpec]:
    from backend.deliveries.connections.reads import count_wrong

    return (CountSpec("deliveries.connections", Permission.VIEW_CONNECTIONS, count_wrong),)


def _sample() -> CreateSample:
    from backend.deliveries.sample import create

    return create


def _criteria() -> Sequence[Criterion]:
    from backend.deliveries.criteria import UNPROVEN

    return (UNPROVEN,)


CAPABILITY = Capability(
    name="deliveries",
    setting_problem=_setting_problem,
    routers=_routers,
    jobs=_jobs,
    ticks=_ticks,
    housekeeping=_housekeeping,
    gauges=_gauges,
    services=_services,
    state=_state,
    counts=_counts,
    sample=_sample,
    sample_after=frozenset({"accounts"}),
    audiences={
        "connection": Audience(Topic.CONNECTIONS, _VIEWERS),
        "letter": Audience(Topic.LETTERS, _VIEWERS),
        "shop_command": Audience(Topic.LETTERS, _VIEWERS),
        "route_map": Audience(Topic.ROUTES, _VIEWERS),
        "template": Audience(Topic.ROUTES, _VIEWERS),
    },
    criteria=_criteria,
)
