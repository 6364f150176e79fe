"""What reporting adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Capability, Tick

if TYPE_CHECKING:
    from backend.core.settings import Settings


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.reporting.facts.actions import Folder

    return (Tick("facts of tax", 1.0, Folder().fold_facts),)


CAPABILITY = Capability(name="reporting", ticks=_ticks)
