"""Which entries of the audit log are events, and what of an entry is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from backend.core.capability import OwnEvent
from models.analytics import EventSchemaDraft

DASHBOARD_VIEWED: Final = "analytics.dashboard.viewed"


@cache
def definitions() -> tuple[EventSchemaDraft, ...]:
    """The events of the program itself, as its version of the plan has them."""
    text = files("resources").joinpath("analytics").joinpath("own-events.json").read_text(encoding="utf-8")
    return tuple(EventSchemaDraft.model_validate(each) for each in json.loads(text))


def _role_granted(after: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "roleId": after["roleId"],
        "userId": after["userId"],
        "expiresAt": after.get("expiresAt"),
        "approvers": len(after.get("approvedBy") or ()),
    }


def _dashboard_viewed(after: Mapping[str, Any]) -> dict[str, Any]:
    return {"hour": after["hour"]}


def _fraud_flagged(after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: after[name] for name in ("orderId", "score", "action", "triggeredRules")}


def _consent_updated(after: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "consentType": after["consentType"],
        "status": after["status"],
        "policyVersion": after.get("policyVersion"),
    }


def _privacy_request_submitted(after: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": after["type"]}


def _checklist_completed(after: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "itemId": after["itemId"],
        "launchId": after["launchId"],
        "category": after.get("category"),
        "rehearsal": after.get("rehearsalOf") is not None,
    }


def _incident_opened(after: Mapping[str, Any]) -> dict[str, Any]:
    return {"incidentId": after["incidentId"], "severity": after["severity"]}


def _schema_published(after: Mapping[str, Any]) -> dict[str, Any]:
    return {"eventName": after["eventName"], "version": after["version"]}


EVENTS: Final = (
    OwnEvent("Role Granted", frozenset({"rbac.role.assigned"}), _role_granted),
    OwnEvent("Dashboard Viewed", frozenset({DASHBOARD_VIEWED}), _dashboard_viewed),
    OwnEvent("Fraud Flagged", frozenset({"risk.entry.opened"}), _fraud_flagged),
    OwnEvent("Consent Updated", frozenset({"privacy.consent.granted", "privacy.consent.revoked"}), _consent_updated),
    OwnEvent("Privacy Request Submitted", frozenset({"privacy.request.submitted"}), _privacy_request_submitted),
    OwnEvent("Launch Checklist Completed", frozenset({"launch.item.completed"}), _checklist_completed),
    OwnEvent("Incident Opened", frozenset({"incidents.incident.opened"}), _incident_opened),
    OwnEvent("Event Schema Published", frozenset({"analytics.schema.published"}), _schema_published),
)
"""Those of capabilities that name none of their own in their manifests."""
