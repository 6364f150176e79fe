"""What privacy adds to the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Capability, Server, Tick

if TYPE_CHECKING:
    from backend.core.database import Database
    from backend.core.settings import Settings


def _setting_problem(settings: Settings) -> str | None:
    from backend.privacy.keys.source import setting_problem

    return setting_problem(settings)


def _state(server: Server) -> Mapping[str, object]:
    from backend.privacy.keys.source import ring_of

    return {"key_ring": ring_of(server.settings)}


def _ticks(settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.privacy.keys.copies import copy_when_due
    from backend.privacy.keys.source import ring_of

    ring = ring_of(settings)
    if ring is None:
        return ()
    from backend.privacy.keys.actions import rotate

    async def copy(database: Database, settings: Settings) -> None:
        await copy_when_due(database, settings)

    async def wrap_anew(database: Database, _settings: Settings) -> None:
        await rotate(database, ring)

    return Tick("copies of keys", 600.0, copy), Tick("keys wrapped anew", 30.0, wrap_anew)


CAPABILITY = Capability(name="privacy", setting_problem=_setting_problem, state=_state, ticks=_ticks)
