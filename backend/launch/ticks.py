"""What the worker does for launches every so often."""

from __future__ import annotations

from collections.abc import Sequence

from backend.core.capability import Adapters, Criteria, Tick
from backend.core.database import Database
from backend.core.settings import Settings
from backend.launch.overdue.actions import look_for_overdue
from backend.launch.poll.actions import World, watch
from backend.launch.record.actions import publish

WATCH_SECONDS = 0.5
"""A GO is a lease of two seconds: within them open polls are looked at more than once."""


def ticks(settings: Settings, adapters: Adapters) -> Sequence[Tick]:
    """Those of launches; criteria are of all capabilities."""
    world = World(settings, adapters.of(Criteria))

    async def watch_polls(database: Database, _settings: Settings) -> None:
        await watch(database, world)

    async def overdue(database: Database, _settings: Settings) -> None:
        await look_for_overdue(database, *world)

    return (
        Tick("launch polls", WATCH_SECONDS, watch_polls),
        Tick("overdue launch items", 10.0, overdue),
        Tick("launch records", 2.0, publish),
    )
