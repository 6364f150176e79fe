"""Alerts of one kind: what a part of the system tells of many things at once, and what was like it before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.alerts import Alert

GROUP_FROM = 3
"""So many of one kind are one group: fewer are read as fast as what they have in common."""


def kind_of(alert: Alert) -> str | None:
    """What alerts of a group share: the part of the system and how severe. ``None``: a rule's, of which one is open."""
    return None if alert.source is None else f"{alert.source}:{alert.severity}"


def groups_of(alerts: Iterable[Alert]) -> dict[str, tuple[Alert, ...]]:
    """By kind, those that are many enough for a group, in the order they are given."""
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        if (kind := kind_of(alert)) is not None:
            found.setdefault(kind, []).append(alert)
    return {kind: tuple(those) for kind, those in found.items() if len(those) >= GROUP_FROM}


def folded(alerts: Sequence[Alert], unfolded: frozenset[str] | set[str]) -> list[Alert]:
    """The alerts to show: of a group its first one, unless the group is in ``unfolded``."""
    groups = groups_of(alerts)
    hidden = {alert.id for kind, those in groups.items() if kind not in unfolded for alert in those[1:]}
    return [alert for alert in alerts if alert.id not in hidden]


def earlier(alert: Alert, cleared: Iterable[Alert]) -> list[Alert]:
    """Cleared alerts of the same rule, or about the same thing of the same part, the newest first."""
    same = (alert.rule_id, alert.source, alert.key)
    found = [each for each in cleared if each.id != alert.id and (each.rule_id, each.source, each.key) == same]
    return sorted(found, key=lambda each: each.raised_at, reverse=True)
