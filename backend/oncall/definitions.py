"""Definitions of the contract as the resolver wants them."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, TypeAdapter

from backend.oncall import resolver
from backend.oncall.tzdata import is_zone
from models.oncall.schedules import Cover, Definition, Layer, Weekday, Window

_DAYS = {weekday: number for number, weekday in enumerate(Weekday)}


def _known(zone: str) -> str:
    # One that was renamed by a release of the tz database costs this schedule alone.
    if not is_zone(zone):
        raise ValueError(f"there is no time zone {zone} any more")
    return zone


_ZONE: TypeAdapter[str] = TypeAdapter(Annotated[str, AfterValidator(_known)])
_KEPT_MOST = 5_000
_kept: dict[tuple[UUID, int], tuple[tuple[resolver.Layer, ...], resolver.Cover | None]] = {}


def read_revision(
    schedule_id: UUID, revision: int, stored: object
) -> tuple[tuple[resolver.Layer, ...], resolver.Cover | None]:
    """The layers and the cover of a stored revision, which never changes. Raises ValidationError."""
    key = schedule_id, revision
    if (found := _kept.get(key)) is None:
        definition = Definition.model_validate(stored)
        for layer in definition.layers:
            _ZONE.validate_python(layer.zone)
        if definition.cover is not None:
            _ZONE.validate_python(definition.cover.zone)
        found = tuple(map(to_layer, definition.layers)), to_cover(definition.cover)
        if len(_kept) >= _KEPT_MOST:
            _kept.clear()
        _kept[key] = found
    return found


def to_layer(layer: Layer) -> resolver.Layer:
    """One layer."""
    return resolver.Layer(
        name=layer.name,
        seats=tuple(frozenset(seat) for seat in layer.seats),
        zone=layer.zone,
        unit=layer.unit,
        every=layer.every,
        anchor=layer.anchor,
        windows=tuple(map(_window, layer.windows)),
        starts=layer.starts,
        ends=layer.ends,
        rank=layer.rank,
        holidays=layer.holidays,
        dates=frozenset(layer.dates),
        counting=layer.counting,
    )


def to_cover(cover: Cover | None) -> resolver.Cover | None:
    """When somebody must be on."""
    return None if cover is None else resolver.Cover(cover.zone, tuple(map(_window, cover.windows)))


def _window(window: Window) -> resolver.Window:
    start, end = _since_midnight(window.start), _since_midnight(window.end)
    days = window.days or int(end <= start)
    return resolver.Window(frozenset(_DAYS[each] for each in window.weekdays), start, end + timedelta(days=days))


def _since_midnight(local: time) -> timedelta:
    return timedelta(hours=local.hour, minutes=local.minute)
