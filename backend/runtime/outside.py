"""What ticks, jobs and the API are given besides the database: adapters, criteria and what is held of people."""

from __future__ import annotations

from backend.capabilities import CAPABILITIES
from backend.core.capability import Adapters, Criteria, PersonalSystems, Retentions
from backend.core.settings import Settings
from backend.integrations import adapters


def outside(settings: Settings) -> Adapters:
    """By these settings. Raises ValueError for a criterion that two capabilities claim."""
    found = [one for each in CAPABILITIES for one in each.criteria()]
    criteria = Criteria({one.name: one for one in found})
    if len(criteria) < len(found):
        raise ValueError("two capabilities claim one criterion")
    held = [one for each in CAPABILITIES for one in each.personal()]
    systems = PersonalSystems({one.name: one for one in held})
    if len(systems) < len(held):
        raise ValueError("two capabilities claim one system")
    kept = Retentions({one.name: one for each in CAPABILITIES for one in each.retention()})
    return adapters(settings).plus(criteria, systems, kept)
