"""Alerts that belong to an incident."""

from __future__ import annotations

from models.alerts import AlertCondition, AlertState, Severity
from models.core.base import Identifier, Instant, Record


class AttachedAlert(Record):
    """An alert, and since when it belongs to the incident."""

    id: Identifier
    title: str
    severity: Severity
    state: AlertState
    condition: AlertCondition
    """What its rule last saw: an incident that is closed silences nothing."""
    figure: str | None
    group: str
    """Alerts of this group join the incident by themselves."""
    raised_at: Instant
    cleared_at: Instant | None
    attached_at: Instant
    attached_by: str
    ended_at: Instant | None
    """When it stopped belonging to it: detached, or the incident was closed."""
