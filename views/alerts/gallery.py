"""Alerts in each of their states, invented, for the theme sheet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.alerts import Alert
from views.alerts.card import AlertCard, AlertRow
from views.kit.gallery_section import GallerySection

NOW = datetime(2026, 11, 24, 14, 2, 25, tzinfo=UTC)


def section() -> GallerySection:
    """A card and three lines."""
    active, acknowledged, shelved, cleared = alerts()
    rows = ((acknowledged, acknowledged.comment), (shelved, shelved.shelve_reason), (cleared, ""))
    return GallerySection(
        "Alerts",
        "a card until somebody acknowledges, a line after that",
        (
            AlertCard(active, "EUR", NOW),
            *(AlertRow(alert, NOW, shelved=alert is shelved, words=words or "") for alert, words in rows),
        ),
    )


def alerts() -> tuple[Alert, Alert, Alert, Alert]:
    """One to acknowledge, one acknowledged, one shelved, one cleared."""
    raised = NOW - timedelta(minutes=16, seconds=5)
    base = Alert.model_validate(
        {
            "id": "0192f0c1-0000-7000-8000-000000000001",
            "figure": "downloads.failureRate",
            "title": "Download failure rate over 2.00 %",
            "severity": "P2",
            "state": "active",
            "condition": "breached",
            "raised_at": raised,
            "rule_id": "0192f0c1-0000-7000-8000-0000000000aa",
            "comparison": "above",
            "limit": 0.02,
            "value": 0.0217,
            "worst_value": 0.024,
            "evaluated_at": NOW,
            "guidance": "Open the failures by country.\nCompare with the last deploy.\nPause the rollout.",
            "runbook_url": "https://example.org/runbooks/downloads",
            "version": 1,
        },
        by_name=True,
    )
    acknowledged = base.model_copy(
        update={
            "state": "acknowledged",
            "acknowledged_at": NOW,
            "acknowledged_by": "operations-lead",
            "comment": "Rollout paused, watching",
        }
    )
    shelved = base.model_copy(
        update={
            "severity": "P3",
            "title": "Discord members not heard for 2 h",
            "shelved_until": NOW + timedelta(hours=2),
            "shelve_reason": "maintenance at their side",
        }
    )
    cleared = base.model_copy(
        update={"severity": "P1", "title": "Orders under 5 an hour", "state": "cleared", "cleared_at": NOW}
    )
    return base, acknowledged, shelved, cleared
