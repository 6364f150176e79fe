"""What is made of an event's properties: figures, the alert rules on them, and fraud rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from backend.alerts import rules_now
from backend.core.database import Connection
from backend.risk import published_rules
from models.analytics import EventSchemaDefinition
from models.analytics.changes import Reader

Reading = tuple[str, str, frozenset[str]]
"""What reads, as which kind, and which properties."""


async def readings(connection: Connection, *versions: EventSchemaDefinition) -> list[Reading]:
    """All that reads a property of any of these versions, by what the plan says each feeds."""
    feeds: dict[str, set[str]] = {}
    for version in versions:
        for each in version.properties:
            for name in each.feeds:
                feeds.setdefault(name, set()).add(each.name)
    found: list[Reading] = [("figure", name, frozenset(properties)) for name, properties in feeds.items()]
    found += [
        ("alert_rule", rule.title, frozenset(feeds[rule.figure]))
        for rule in await rules_now(connection)
        if rule.figure in feeds
    ]
    for fraud_rule in await published_rules(connection):
        read = {name for each in fraud_rule.each_condition() for name in feeds.get(each.metric, ())}
        if read:
            found.append(("fraud_rule", fraud_rule.rule_id, frozenset(read)))
    return sorted(found, key=lambda each: each[:2])


def readers(found: list[Reading], failing: Mapping[frozenset[str], int]) -> tuple[Reader, ...]:
    """With how many events fail in a property that each reads; ``failing`` counts by the properties that fail."""
    counts: Counter[tuple[str, str]] = Counter()
    for kind, name, read in found:
        counts[kind, name] = sum(count for properties, count in failing.items() if properties & read)
    return tuple(
        Reader(kind=kind, name=name, properties=tuple(sorted(read)), failing=counts[kind, name])
        for kind, name, read in found
    )
