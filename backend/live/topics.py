"""Which topic a changed resource belongs to, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass

from models.core.live import Topic
from models.core.permissions import Permission

P = Permission

OVERSEERS = frozenset({P.VIEW_AUDIT, P.MANAGE_ROLES, P.APPROVE_ROLES})


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a topic: holders of any of these permissions, and those a change concerns."""

    topic: Topic
    permissions: frozenset[Permission]
    concerned: bool = False


_BY_RESOURCE = {
    "alert": Audience(Topic.ALERTS, frozenset({P.VIEW_DASHBOARD})),
    "alert_rule": Audience(Topic.ALERT_RULES, frozenset({P.VIEW_DASHBOARD})),
    "ingest_batch": Audience(Topic.DASHBOARD, frozenset({P.VIEW_DASHBOARD})),
    "role": Audience(Topic.ROLES, frozenset(P)),
    "role_assignment": Audience(Topic.ASSIGNMENTS, OVERSEERS, concerned=True),
    "approval": Audience(Topic.APPROVALS, OVERSEERS, concerned=True),
    "access_review": Audience(Topic.REVIEWS, frozenset({P.VIEW_AUDIT})),
    "access_difference": Audience(Topic.DRIFT, frozenset({P.VIEW_AUDIT})),
    "risk_entry": Audience(Topic.RISK_QUEUE, frozenset({P.VIEW_RISK_QUEUE})),
    **dict.fromkeys(
        (
            "risk_rule_set",
            "risk_list",
            "risk_list_entry",
            "risk_snooze",
            "risk_breaker",
            "risk_policy",
            "risk_backtest",
        ),
        Audience(Topic.RISK_RULES, frozenset({P.VIEW_RISK_QUEUE})),
    ),
    "risk_report": Audience(Topic.RISK_RULES, frozenset({P.VIEW_REPORTS})),
    "account": Audience(Topic.PEOPLE, frozenset({P.VIEW_AUDIT})),
}

_ELSE = Audience(Topic.AUDIT, frozenset({P.VIEW_AUDIT}))
"""Every change is one of the audit log, at least."""

CHANGES_ACCESS = frozenset({"role", "role_assignment", "account"})
"""After a change of these, who may hear what is looked up anew at once."""


def audience(resource_type: str) -> Audience:
    """Who hears of changes of a resource."""
    return _BY_RESOURCE.get(resource_type, _ELSE)
