"""What the sample shop adds to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Adapters, Capability, CreateSample, Tick

if TYPE_CHECKING:
    from backend.core.settings import Settings


def _ticks(settings: Settings, _adapters: Adapters) -> Sequence[Tick]:
    """It trades only where it was asked for."""
    if not settings.sample_shop:
        return ()
    from backend.sample.trade import trade

    return (Tick("sample trade", 2.0, trade),)


def _sample() -> CreateSample:
    from backend.sample.sample import create

    return create


CAPABILITY = Capability(
    name="sample",
    ticks=_ticks,
    sample=_sample,
)
