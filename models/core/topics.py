"""What the live stream tells of. Needs only the standard library: manifests name topics before anything heavy loads."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """The name of an event, and what a console's queries are invalidated by."""

    # --- access
    ROLES = "roles"
    ASSIGNMENTS = "assignments"
    REVIEWS = "reviews"
    DRIFT = "drift"
    PEOPLE = "people"
    ME = "me"
    """What the listener may do has changed."""

    # --- alerts
    ALERTS = "alerts"
    ALERT_RULES = "alert_rules"

    # --- analytics

    # --- approvals
    APPROVALS = "approvals"

    # --- audit
    AUDIT = "audit"
    """Any other change; only for those who read the audit log."""

    # --- dashboard
    DASHBOARD = "dashboard"

    # --- deliveries

    # --- files

    # --- incidents

    # --- launch

    # --- live
    RESYNC = "resync"
    """Events were lost to this listener: everything that is shown must be asked for anew."""

    # --- oncall

    # --- privacy

    # --- reporting

    # --- risk
    RISK_QUEUE = "risk_queue"
    RISK_RULES = "risk_rules"

    # --- runbooks
