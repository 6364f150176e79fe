"""Answers as a server gives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from models.figures import FigureName, SourceName

AS_OF = datetime(2026, 11, 24, 14, 2, 37, tzinfo=UTC)


def dashboard(as_of: datetime = AS_OF, **more: Any) -> dict[str, Any]:
    """A dashboard of seven quiet days."""
    ends = [as_of - timedelta(hours=h) for h in range(167, -1, -1)]
    count = len(ends)
    figures = {
        "revenue": {"daily": 3096400, "weekly": 18295300, "monthly": None},
        "orders": {"total": 4985, "refunded": 107, "pending": 43},
        "downloads": {"total": 30829, "failureRate": 0.0217},
        "community": {"discordMembers": 18442, "showcases": None},
    }
    previous = {
        "revenue": {"daily": 2692000, "weekly": 16643100, "monthly": 71548400},
        "orders": {"total": 4615, "refunded": 98, "pending": 51},
        "downloads": {"total": 18524, "failureRate": 0.0047},
        "community": {"discordMembers": 18230, "showcases": None},
    }
    states = dict.fromkeys(map(str, FigureName), "normal") | {
        "downloads.failureRate": "breached",
        "community.showcases": "no_data",
        "revenue.monthly": "no_data",
    }
    through = {
        str(s): {"dataThrough": (as_of - timedelta(seconds=12)).isoformat(), "expectedWithinSeconds": 60, "late": False}
        for s in SourceName
    }
    through["showcases"] = {"dataThrough": None, "expectedWithinSeconds": 60, "late": True}
    alert = {
        "id": "a1",
        "figure": "downloads.failureRate",
        "title": "Downloads failing over limit",
        "severity": "P2",
        "state": "active",
        "condition": "breached",
        "raisedAt": (as_of - timedelta(minutes=16)).isoformat(),
    }
    return {
        **figures,
        "asOf": as_of.isoformat(),
        "range": 7,
        "currency": "EUR",
        "alerts": [alert],
        "alertCount": 1,
        "previous": previous,
        "series": {
            "step": "hour",
            "starts": [(e - timedelta(hours=1)).isoformat() for e in ends],
            "ends": [e.isoformat() for e in ends],
            "revenue": [1000] * count,
            "orders": [30] * count,
            "refunds": [1] * count,
            "refundedAmount": [100] * count,
            "downloads": [200] * count,
            "failedDownloads": [1] * count,
            "failureRate": [0.005] * count,
            "discordMembers": [18000] * count,
            "showcases": [None] * count,
            "previous": {
                "revenue": [900] * count,
                "orders": [28] * count,
                "refunds": [1] * count,
                "failureRate": [0.004] * count,
            },
        },
        "thresholds": {
            "downloads.failureRate": {"ruleId": "r", "comparison": "above", "value": 0.02, "severity": "P2"},
            "revenue.weekly": {"ruleId": "s", "comparison": "below", "value": 12000000, "severity": "P1"},
        },
        "states": states,
        "links": {},
        "dataThrough": through,
        "dataProblems": [],
        "aFieldOfTomorrow": {"ignored": True},
        **more,
    }


ME: dict[str, Any] = {
    "userId": "operations-lead",
    "name": "Operations lead",
    "initials": "OL",
    "roles": ["operations-lead"],
    "roleNames": ["Operations lead"],
    "permissions": ["operations.view_dashboard", "operations.manage_alerts"],
    "environment": "Tests",
    "currency": "EUR",
    "asOf": AS_OF.isoformat(),
}


def tokens(access: str = "t2", refresh: str = "r2", life: float = 900) -> dict[str, Any]:
    """Tokens as a sign-in answers them."""
    expires = (AS_OF + timedelta(seconds=life)).isoformat()
    return {"accessToken": access, "refreshToken": refresh, "expiresAt": expires, "asOf": AS_OF.isoformat()}
