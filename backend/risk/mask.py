"""Personal data for those who may not see it: enough to recognise the same one again, too little to know who it is."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

from backend.core.security import Principal
from models.core.permissions import Permission
from models.risk.rules import Decision, ListEntry
from models.risk.suppression import Snooze

R = TypeVar("R", ListEntry, Snooze)
PERSONAL = frozenset({"email", "email_alias", "ip", "ip_network", "card"})
"""Metrics whose values are hidden."""


def may_see(principal: Principal) -> bool:
    """Whether somebody sees personal data as it is."""
    return Permission.VIEW_PERSONAL_DATA in principal.permissions


def masked(metric: str, value: Any) -> Any:
    """A value of a metric, hidden if it is personal: a***@example.com, 203.0.113.0/24, …4417."""
    if not isinstance(value, str) or metric not in PERSONAL:
        return tuple(masked(metric, each) for each in value) if isinstance(value, list | tuple) else value
    match metric:
        case "email" | "email_alias":
            name, at, domain = value.rpartition("@")
            return f"{name[:1]}***{at}{domain}" if at else "***"
        case "ip" | "ip_network":
            address = value.partition("/")[0]
            try:
                return str(ip_network(f"{address}/{24 if ip_address(address).version == 4 else 48}", strict=False))
            except ValueError:
                return "***"
        case _:
            return f"…{value[-4:]}" if len(value) > 8 else "***"


def hidden(record: R, metric: str, principal: Principal) -> R:
    """An entry of a list, or a snooze, as somebody may see it."""
    if may_see(principal):
        return record
    return record.model_copy(update={"value": masked(metric, record.value)})


def masked_decision(decision: Decision, principal: Principal) -> Decision:
    """A decision as somebody may see it."""
    if may_see(principal):
        return decision
    return decision.model_copy(
        update={
            "explanation": tuple(
                fired.model_copy(
                    update={
                        "conditions": tuple(
                            each.model_copy(
                                update={
                                    "value": masked(each.metric, each.value),
                                    "actual": masked(each.metric, each.actual),
                                }
                            )
                            if each.metric in PERSONAL and not each.operator.endswith("_list")
                            else each.model_copy(update={"actual": masked(each.metric, each.actual)})
                            for each in fired.conditions
                        )
                    }
                )
                for fired in decision.explanation
            ),
            "lists": tuple(hit.model_copy(update={"value": masked(hit.metric, hit.value)}) for hit in decision.lists),
        }
    )
