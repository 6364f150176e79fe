"""An incident the design draws, with its review, as the contract has them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from PySide6.QtWidgets import QWidget

from app.console import Console
from app.core.query import Sample
from app.incidents.domain import Incidents
from models.incidents import IncidentRecord, IncidentSeverity
from models.incidents.matrix import IncidentRule, SeverityMatrix
from models.incidents.reviews import ActionItem, IncidentReview
from models.incidents.timeline import TimelineEntry
from tests.app.answers import AS_OF
from views.incidents.desk import Desk
from views.kit.capability import Window

BEGAN = (AS_OF - timedelta(minutes=40)).isoformat()
DETECTED = (AS_OF - timedelta(minutes=31)).isoformat()


def incident(number: int = 142, **more: Any) -> IncidentRecord:
    """A SEV2 that somebody has acknowledged, with an alert that burns."""
    return IncidentRecord.model_validate(
        {
            "incidentId": f"incident-{number}",
            "number": number,
            "reference": f"INC-{number:04}",
            "title": "EU downloads failing",
            "severity": "SEV2",
            "status": "acknowledged",
            "description": "Signed links end too early at the edge fra2",
            "startedAt": BEGAN,
            "detectedAt": DETECTED,
            "acknowledgedAt": (AS_OF - timedelta(minutes=29)).isoformat(),
            "acknowledgedBy": "nele",
            "mitigatedAt": None,
            "resolvedAt": None,
            "reviewedAt": None,
            "roles": [{"role": "commander", "userId": "nele", "name": "Nele Krause", "since": DETECTED}],
            "participants": [],
            "services": ["downloads"],
            "links": [],
            "customersAffected": 320,
            "runbookId": None,
            "runbookLink": "",
            "postmortemLink": "",
            "origin": "alert",
            "alerts": 1,
            "openAlerts": 1,
            "updates": 1,
            "nextUpdateDueAt": (AS_OF + timedelta(minutes=9)).isoformat(),
            "reviewRequired": True,
            "mergedInto": None,
            "createdAt": DETECTED,
            "createdBy": "nele",
            "updatedAt": AS_OF.isoformat(),
            "version": 4,
            **more,
        }
    )


def entry(**more: Any) -> TimelineEntry:
    """A note of its timeline."""
    return TimelineEntry.model_validate(
        {
            "position": 7,
            "entryId": "entry-7",
            "kind": "note",
            "occurredAt": (AS_OF - timedelta(minutes=12)).isoformat(),
            "recordedAt": (AS_OF - timedelta(minutes=12)).isoformat(),
            "actor": "nele",
            "actorName": "Nele Krause",
            "action": "incident.note",
            "resourceType": "incident",
            "resourceId": "incident-142",
            "label": "INC-0142",
            "text": "Edge cache purged in fra2",
            "own": True,
            "incidentId": None,
            "severity": None,
            "details": {},
            "pinned": False,
            "corrections": [],
            **more,
        }
    )


def review(**more: Any) -> IncidentReview:
    """Its review, which waits for somebody to approve it."""
    figures = {
        "detectSeconds": 540.0,
        "acknowledgeSeconds": 120.0,
        "mitigateSeconds": 900.0,
        "resolveSeconds": 1800.0,
        "alerts": 1,
        "updates": 2,
        "updatesLate": 0,
        "deploys": 1,
        "figures": [],
    }
    return IncidentReview.model_validate(
        {
            "incidentId": "incident-142",
            "reference": "INC-0142",
            "incidentTitle": "EU downloads failing",
            "severity": "SEV2",
            "state": "submitted",
            "summary": "Signed links ended too early.",
            "impact": "320 customers could not download.",
            "detection": "By the alert on failed downloads.",
            "response": "Traffic went to ams1.",
            "wentWell": "",
            "wentBadly": "",
            "factors": [{"kind": "design", "text": "A clock 94 s ahead"}],
            "figures": figures,
            "moments": [],
            "dueAt": None,
            "author": "nele",
            "editors": ["nele"],
            "submittedAt": AS_OF.isoformat(),
            "approvedBy": None,
            "approvedAt": None,
            "publishedAt": None,
            "names": {"nele": "Nele Krause"},
            "items": 1,
            "openItems": 1,
            "version": 3,
            **more,
        }
    )


def action_item(**more: Any) -> ActionItem:
    """What somebody does so that it does not come back."""
    return ActionItem.model_validate(
        {
            "actionId": "action-1",
            "incidentId": "incident-142",
            "reference": "INC-0142",
            "title": "A canary in each edge",
            "owner": "nele",
            "ownerName": "Nele Krause",
            "dueOn": (AS_OF + timedelta(days=14)).date().isoformat(),
            "link": "",
            "doneAt": None,
            "doneBy": None,
            "overdue": False,
            "version": 1,
            **more,
        }
    )


def matrix() -> SeverityMatrix:
    """What severities set off at first."""
    level = {"meaning": "Many are hit", "escalationPolicyId": None, "teams": ["operations"], "updateMinutes": 30}
    more = {"reviewRequired": True, "reviewDays": 5, "closer": "commander"}
    levels = [{"severity": severity, **level, **more} for severity in IncidentSeverity]
    return SeverityMatrix.model_validate(
        {"levels": levels, "version": 1, "updatedAt": AS_OF.isoformat(), "updatedBy": "nele"}
    )


def rule() -> IncidentRule:
    """One that opens an incident for a burst of alerts."""
    return IncidentRule.model_validate(
        {
            "ruleId": "rule-1",
            "title": "Downloads fail at once",
            "kind": "burst",
            "minutes": 5,
            "alerts": 5,
            "group": "downloads",
            "leastSeverity": "P2",
            "severity": "SEV3",
            "services": ["downloads"],
            "runbookId": None,
            "runbookLink": "",
            "enabled": True,
            "version": 2,
            "updatedAt": AS_OF.isoformat(),
            "updatedBy": "nele",
        }
    )


def window_of(console: Console, parent: QWidget) -> Window:
    """What dialogs ask of a window: one that knows the incident and another, and shows no panel."""
    known = (incident(), incident(143, title="Checkout slow", severity="SEV3"))
    console.of(Incidents).open().seed(Sample(known, AS_OF, AS_OF, None))
    window: Any = SimpleNamespace(console=console, as_parent=parent, open_panel=lambda _panel_id: None)
    desk = Desk(window)
    window.shared = lambda _kind: desk
    found: Window = window
    return found
