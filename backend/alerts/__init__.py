"""Alert rules and the latched alerts they raise. Specification: "Operations dashboard", alert thresholds; AC 2."""

from __future__ import annotations

from backend.alerts.actions import acknowledge_alert, clear_condition, find_open, raise_alert
from backend.alerts.past import open_conditions_then
from backend.alerts.summary import for_dashboard, open_conditions, rules_at, rules_now, thresholds

__all__ = [
    "acknowledge_alert",
    "clear_condition",
    "find_open",
    "for_dashboard",
    "open_conditions",
    "open_conditions_then",
    "raise_alert",
    "rules_at",
    "rules_now",
    "thresholds",
]
