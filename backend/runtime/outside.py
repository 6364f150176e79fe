"""What ticks, jobs and the API are given besides the database: adapters, criteria and events of all capabilities."""

from __future__ import annotations

from backend.capabilities import CAPABILITIES
from backend.core.capability import Adapters, Criteria, OwnEvent, OwnEvents
from backend.core.settings import Settings
from backend.integrations import adapters


def outside(settings: Settings) -> Adapters:
    """By these settings. Raises ValueError for a criterion that two capabilities claim."""
    found = [one for each in CAPABILITIES for one in each.criteria()]
    criteria = Criteria({one.name: one for one in found})
    if len(criteria) < len(found):
        raise ValueError("two capabilities claim one criterion")
    return adapters(settings).plus(criteria, _own_events())


def _own_events() -> OwnEvents:
    by_action: dict[str, tuple[OwnEvent, ...]] = {}
    for event in (one for each in CAPABILITIES for one in each.events()):
        for action in event.actions:
            by_action[action] = (*by_action.get(action, ()), event)
    return OwnEvents(by_action)
