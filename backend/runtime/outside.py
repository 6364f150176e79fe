"""What ticks, jobs and the API are given besides the database: adapters, and what capabilities declare for others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from backend.capabilities import CAPABILITIES
from backend.core.capability import (
    Adapters,
    Criteria,
    Criterion,
    OwnEvent,
    OwnEvents,
    PersonalSystem,
    PersonalSystems,
    Retention,
    Retentions,
)
from backend.core.settings import Settings
from backend.integrations import adapters


def outside(settings: Settings) -> Adapters:
    """By these settings. Raises ValueError for a name that two capabilities claim."""
    criteria = Criteria(_by_name("criterion", [one for each in CAPABILITIES for one in each.criteria()]))
    systems = PersonalSystems(_by_name("system", [one for each in CAPABILITIES for one in each.personal()]))
    kept = Retentions(_by_name("retention", [one for each in CAPABILITIES for one in each.retention()]))
    return adapters(settings).plus(criteria, _own_events(), systems, kept)


_Declared = TypeVar("_Declared", Criterion, PersonalSystem, Retention)


def _by_name(kind: str, declared: Sequence[_Declared]) -> dict[str, _Declared]:
    by_name = {one.name: one for one in declared}
    if len(by_name) < len(declared):
        raise ValueError(f"two capabilities claim one {kind}")
    return by_name


def _own_events() -> OwnEvents:
    by_action: dict[str, tuple[OwnEvent, ...]] = {}
    for event in (one for each in CAPABILITIES for one in each.events()):
        for action in event.actions:
            by_action[action] = (*by_action.get(action, ()), event)
    return OwnEvents(by_action)
