"""Permission keys (``area.verb_object``) and the roles every installation starts with.

Specification: "RBAC Foundation". Effective permissions always come from live role assignments in the database;
this table only seeds them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """Everything somebody may or may not do. In blocks, by capability, in the order in which people read them."""

    # --- dashboard
    VIEW_DASHBOARD = "operations.view_dashboard"

    # --- shop
    VIEW_ORDERS = "operations.view_orders"

    # --- alerts
    MANAGE_ALERTS = "operations.manage_alerts"

    # --- access
    MANAGE_ROLES = "operations.manage_roles"
    APPROVE_ROLES = "operations.approve_roles"

    # --- audit
    VIEW_AUDIT = "operations.view_audit"

    # --- shop, its pipelines
    INGEST = "operations.ingest"

    # --- support
    MANAGE_TICKETS = "support.manage_tickets"

    # --- analytics
    VIEW_SCHEMA = "analytics.view_schema"
    MANAGE_SCHEMA = "analytics.manage_schema"
    VALIDATE_EVENTS = "analytics.validate_events"

    # --- risk
    CHECK_ORDERS = "risk.check_orders"
    VIEW_RISK_QUEUE = "risk.view_queue"
    APPROVE_ORDERS = "risk.approve_orders"
    MANAGE_RISK_RULES = "risk.manage_rules"
    PUBLISH_RISK_RULES = "risk.publish_rules"

    # --- privacy
    RECORD_CONSENT = "privacy.record_consent"
    SUBMIT_PRIVACY_REQUESTS = "privacy.submit_requests"
    VIEW_PRIVACY_REQUESTS = "privacy.view_requests"
    MANAGE_PRIVACY_REQUESTS = "privacy.manage_requests"
    VIEW_PERSONAL_DATA = "privacy.view_personal_data"

    # --- reporting
    VIEW_REPORTS = "reporting.view_reports"
    GENERATE_REPORTS = "reporting.generate_reports"

    # --- incidents
    VIEW_INCIDENTS = "incidents.view"
    MANAGE_INCIDENTS = "incidents.manage"

    # --- oncall
    MANAGE_ONCALL = "incidents.manage_oncall"

    # --- launch
    VIEW_CHECKLIST = "checklist.view"
    COMPLETE_CHECKLIST = "checklist.complete"
    MANAGE_CHECKLIST = "checklist.manage"
    LAUNCH_VOTE = "launch.vote"
    LAUNCH_DIRECT = "launch.direct"

    # --- deliveries
    VIEW_CONNECTIONS = "deliveries.view_connections"
    MANAGE_CONNECTIONS = "deliveries.manage_connections"
    REPLAY_LETTERS = "deliveries.replay_letters"

    # --- runbooks

    # --- files

    # --- backup


_AREAS = {
    "operations": "Operations",
    "support": "Support",
    "analytics": "Analytics",
    "risk": "Risk",
    "privacy": "Privacy",
    "reporting": "Reporting",
    "incidents": "Incidents",
    "checklist": "Checklist",
    "launch": "Launch",
}


def area_of(permission: str) -> str:
    """The area of a key, such as Operations."""
    key = permission.partition(".")[0]
    return _AREAS.get(key, key.capitalize())


def verb_of(permission: str) -> str:
    """What a key allows, without its area: View dashboard."""
    words = permission.partition(".")[2].replace("_", " ").replace("oncall", "on-call")
    return words[:1].upper() + words[1:]


def permission_words(permission: str) -> str:
    """A key as people read it, whole: Risk: publish rules."""
    verb = verb_of(permission)
    return f"{area_of(permission)}: {verb[:1].lower()}{verb[1:]}"


def short_words(permission: str) -> str:
    """A key as it is told by the way: Publish rules; where one word says too little, whole: Incidents: view."""
    verb = verb_of(permission)
    return verb if " " in verb else permission_words(permission)


def lacking_words(*permissions: str) -> str:
    """Why something cannot be done or seen without one of these."""
    return f"needs {' or '.join(f'“{short_words(each)}”' for each in permissions)}"


SENSITIVE_PERMISSIONS = frozenset(
    {
        Permission.MANAGE_ROLES,
        Permission.APPROVE_ROLES,
        Permission.MANAGE_RISK_RULES,
        Permission.PUBLISH_RISK_RULES,
        Permission.MANAGE_PRIVACY_REQUESTS,
        Permission.VIEW_PERSONAL_DATA,
        Permission.LAUNCH_DIRECT,
        Permission.MANAGE_CONNECTIONS,
    }
)
"""A role with any of these is sensitive: else a new role would be a way around the second approver."""


APART: tuple[tuple[Permission, Permission], ...] = tuple(
    (Permission.INGEST, other)
    for other in (
        Permission.APPROVE_ORDERS,
        Permission.MANAGE_RISK_RULES,
        Permission.PUBLISH_RISK_RULES,
        Permission.MANAGE_ROLES,
        Permission.APPROVE_ROLES,
        Permission.LAUNCH_DIRECT,
    )
)
"""Pairs that one person must not hold: whoever sends what figures and checks are made of decides about none of it."""


def together(permissions: Collection[str]) -> tuple[Permission, Permission] | None:
    """The first pair of permissions that must be apart and is not; ``None`` when all are."""
    return next((pair for pair in APART if set(pair) <= set(permissions)), None)


def both_words(pair: tuple[str, str]) -> str:
    """What somebody with both could do, as part of a sentence."""
    return " and ".join(f"“{permission_words(each)}”" for each in pair)


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    """A role every installation starts with."""

    id: str
    name: str
    permissions: frozenset[Permission]
    description: str
    sensitive: bool = False
    """A grant of it needs a second, different approver."""
    service: bool = False
    """For a machine, not for a person."""


P = Permission
_WATCH = frozenset({P.VIEW_DASHBOARD, P.VIEW_INCIDENTS, P.VIEW_CHECKLIST})

BUILT_IN_ROLES: tuple[BuiltInRole, ...] = (
    BuiltInRole("viewer", "Viewer", _WATCH, description="Reads dashboard, incidents and checklist; for wall displays"),
    BuiltInRole(
        "support-lead",
        "Support lead",
        _WATCH
        | {P.VIEW_ORDERS, P.MANAGE_TICKETS, P.VIEW_RISK_QUEUE, P.APPROVE_ORDERS}
        | {P.SUBMIT_PRIVACY_REQUESTS, P.VIEW_PRIVACY_REQUESTS, P.COMPLETE_CHECKLIST, P.LAUNCH_VOTE},
        description="Works the risk and privacy queues for customers",
    ),
    BuiltInRole(
        "operations-lead",
        "Operations lead",
        _WATCH
        | {P.VIEW_ORDERS, P.MANAGE_ALERTS, P.VIEW_AUDIT, P.VIEW_SCHEMA, P.VIEW_RISK_QUEUE, P.APPROVE_ORDERS}
        | {P.VIEW_PRIVACY_REQUESTS, P.VIEW_REPORTS, P.GENERATE_REPORTS, P.MANAGE_INCIDENTS, P.MANAGE_ONCALL}
        | {P.COMPLETE_CHECKLIST, P.MANAGE_CHECKLIST, P.LAUNCH_VOTE, P.VIEW_CONNECTIONS, P.REPLAY_LETTERS},
        description="Runs the war room: alerts, incidents, reports",
    ),
    BuiltInRole(
        "risk-analyst",
        "Risk analyst",
        _WATCH | {P.VIEW_ORDERS, P.VIEW_RISK_QUEUE, P.APPROVE_ORDERS, P.CHECK_ORDERS},
        description="Checks orders and decides queue entries",
    ),
    BuiltInRole(
        "risk-manager",
        "Risk manager",
        _WATCH
        | {P.VIEW_ORDERS, P.VIEW_RISK_QUEUE, P.APPROVE_ORDERS, P.CHECK_ORDERS}
        | {P.MANAGE_RISK_RULES, P.PUBLISH_RISK_RULES, P.COMPLETE_CHECKLIST, P.LAUNCH_VOTE},
        sensitive=True,
        description="Writes and publishes fraud rules",
    ),
    BuiltInRole(
        "compliance-officer",
        "Compliance officer",
        _WATCH
        | {
            P.VIEW_AUDIT,
            P.APPROVE_ROLES,
            P.RECORD_CONSENT,
            P.SUBMIT_PRIVACY_REQUESTS,
            P.VIEW_PRIVACY_REQUESTS,
        }
        | {P.MANAGE_PRIVACY_REQUESTS, P.VIEW_PERSONAL_DATA, P.VIEW_REPORTS, P.COMPLETE_CHECKLIST, P.LAUNCH_VOTE},
        sensitive=True,
        description="Works privacy requests, approves grants, reads the audit log",
    ),
    BuiltInRole(
        "finance-analyst",
        "Finance analyst",
        _WATCH | {P.VIEW_ORDERS, P.VIEW_REPORTS, P.GENERATE_REPORTS, P.COMPLETE_CHECKLIST},
        description="Reads orders and makes reports",
    ),
    BuiltInRole(
        "incident-responder",
        "Incident responder",
        _WATCH | {P.MANAGE_ALERTS, P.MANAGE_INCIDENTS, P.COMPLETE_CHECKLIST} | {P.VIEW_CONNECTIONS, P.REPLAY_LETTERS},
        description="Answers alerts and works incidents",
    ),
    BuiltInRole(
        "launch-director",
        "Launch director",
        _WATCH | {P.COMPLETE_CHECKLIST, P.MANAGE_CHECKLIST, P.LAUNCH_VOTE, P.LAUNCH_DIRECT},
        sensitive=True,
        description="Takes a release through go or no-go",
    ),
    BuiltInRole(
        "administrator",
        "Administrator",
        _WATCH
        | {P.VIEW_ORDERS, P.MANAGE_ALERTS, P.MANAGE_ROLES, P.APPROVE_ROLES, P.VIEW_AUDIT}
        | {P.VIEW_SCHEMA, P.MANAGE_SCHEMA, P.VIEW_RISK_QUEUE, P.MANAGE_RISK_RULES}
        | {
            P.COMPLETE_CHECKLIST,
            P.MANAGE_CHECKLIST,
            P.MANAGE_ONCALL,
            P.VIEW_CONNECTIONS,
            P.MANAGE_CONNECTIONS,
            P.REPLAY_LETTERS,
        },
        sensitive=True,
        description="Grants roles and keeps rules and schemas",
    ),
    BuiltInRole(
        "storefront",
        "Storefront service",
        frozenset({P.CHECK_ORDERS, P.RECORD_CONSENT, P.SUBMIT_PRIVACY_REQUESTS, P.VALIDATE_EVENTS}),
        service=True,
        description="The shop's checkout and consent forms",
    ),
    BuiltInRole(
        "pipeline",
        "Pipeline service",
        frozenset({P.INGEST, P.VALIDATE_EVENTS}),
        service=True,
        description="Sends orders, refunds, downloads and community figures",
    ),
    BuiltInRole("prometheus", "Prometheus service", frozenset(), service=True, description="Reads metrics"),
)

BUILT_IN_ROLE_BY_ID = {role.id: role for role in BUILT_IN_ROLES}
