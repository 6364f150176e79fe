"""What reporting adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Capability, Tick

if TYPE_CHECKING:
    import procrastinate

    from backend.core.settings import Settings


def _ticks(_settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    from backend.reporting.facts.actions import Folder
    from backend.reporting.tables.actions import keep_up

    return (
        Tick("facts of tax", 1.0, Folder().fold_facts),
        Tick("rates of tax", 3_600.0, keep_up),
    )


def _jobs() -> Sequence[procrastinate.Blueprint]:
    from backend.reporting.returns.jobs import blueprint

    return (blueprint,)


CAPABILITY = Capability(name="reporting", ticks=_ticks, jobs=_jobs)
