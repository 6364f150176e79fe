"""What on-call adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Audience, Capability, Tick
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from backend.core.settings import Settings

_VIEWERS = frozenset({Permission.VIEW_INCIDENTS})


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.oncall.pages.actions import move_on

    return (Tick("on-call pages", 2.0, move_on),)


CAPABILITY = Capability(
    name="oncall",
    ticks=_ticks,
    audiences={
        "page": Audience(Topic.PAGES, _VIEWERS),
    },
)
