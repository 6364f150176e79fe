"""Which entries of the audit log stand in a timeline, and in which lane. A new kind is a line here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from backend.core.capability import Audiences
from models.core.permissions import Permission
from models.incidents.timeline import TimelineKind

OWN_TYPES: Final = frozenset({"incident", "incident_review"})
"""Resources of one incident each: of others they do not matter here. Everything else is told wherever it happened."""

_KINDS: Final[tuple[tuple[str, TimelineKind | None], ...]] = (
    ("incidents.incident.", TimelineKind.STATUS),
    ("incidents.note.", TimelineKind.NOTE),
    ("incidents.role.", TimelineKind.ROLE),
    ("incidents.participant.", TimelineKind.ROLE),
    ("incidents.update.", TimelineKind.UPDATE),
    ("incidents.alert.", TimelineKind.ALERT),
    ("incidents.page.", TimelineKind.PAGE),
    ("incidents.deploy.", TimelineKind.DEPLOY),
    ("incidents.matrix.", TimelineKind.RULE),
    ("incidents.rule.", TimelineKind.RULE),
    ("incidents.entry.", None),  # what is said about entries stands at them
    ("alerts.alert.", TimelineKind.ALERT),
    ("alerts.rule.", TimelineKind.RULE),
    ("oncall.page.", TimelineKind.PAGE),
    ("runbooks.step.", TimelineKind.STEP),
    ("risk.entry.decided", TimelineKind.VERDICT),
    ("risk.entry.escalated", TimelineKind.VERDICT),
    ("risk.entry.overruled", TimelineKind.VERDICT),
    ("risk.entry.proposed", TimelineKind.VERDICT),
    ("risk.entry.reopened", TimelineKind.VERDICT),
    ("risk.rule_set.", TimelineKind.RULE),
    ("risk.list.", TimelineKind.RULE),
    ("risk.list_entry.", TimelineKind.RULE),
    ("risk.snooze.", TimelineKind.RULE),
    ("risk.breaker.", TimelineKind.RULE),
    ("risk.policy.", TimelineKind.RULE),
    ("deliveries.route_map.", TimelineKind.RULE),
    ("analytics.schema.", TimelineKind.RULE),
    ("analytics.mode.", TimelineKind.RULE),
    # What nobody decides, or what happens all the time.
    ("analytics.", None),
    ("risk.", None),
    ("audit.", None),
    ("backup.", None),
    ("deliveries.contact.", None),
    ("deliveries.hook.", None),
    ("deliveries.notice.", None),
    ("sample.", None),
    ("session.", None),
    ("shop.", None),
    ("", TimelineKind.DECISION),
)
"""The first that an action begins with."""


def kind_of(action: str, resource_type: str) -> TimelineKind | None:
    """The lane of an entry; ``None``: it stands in no timeline."""
    kind = next(kind for prefix, kind in _KINDS if action.startswith(prefix))
    if kind is TimelineKind.DECISION and action.startswith("runbooks.") and resource_type == "incident":
        return TimelineKind.STEP
    return kind


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of entry of the log that somebody may read in a timeline."""

    action: str
    resource_type: str
    kind: TimelineKind

    @property
    def own(self) -> bool:
        """Whether only entries about the incident itself count."""
        return self.resource_type in OWN_TYPES


def sources(
    found: Sequence[tuple[str, str]],
    audiences: Audiences,
    permissions: Collection[Permission],
    wanted: Collection[TimelineKind] | None,
) -> tuple[Source, ...]:
    """Of all pairs of action and resource type in the log, those that stand in the timeline of whoever asks.

    Args:
        found: The pairs.
        audiences: Who may read what: a timeline tells nobody what the live stream would not.
        permissions: What whoever asks may do.
        wanted: Kinds; ``None``: all of them.
    """
    shown = []
    for action, resource_type in found:
        kind = kind_of(action, resource_type)
        if kind is None or (wanted is not None and kind not in wanted):
            continue
        if audiences.of(resource_type).permissions & frozenset(permissions):
            shown.append(Source(action, resource_type, kind))
    return tuple(shown)
