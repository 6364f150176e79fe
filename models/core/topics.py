"""What the live stream tells of. Needs only the standard library: manifests name topics before anything heavy loads."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """The name of an event, and what a console's queries are invalidated by. In blocks, by capability."""

    # --- access
    ROLES = "roles"
    ASSIGNMENTS = "assignments"
    REVIEWS = "reviews"
    DRIFT = "drift"

    # --- accounts
    PEOPLE = "people"

    # --- alerts
    ALERTS = "alerts"
    ALERT_RULES = "alert_rules"

    # --- analytics
    TRACKING_PLAN = "tracking_plan"
    EVENTS = "events"

    # --- approvals
    APPROVALS = "approvals"

    # --- audit
    AUDIT = "audit"
    """Any other change; only for those who read the audit log."""

    # --- backup

    # --- dashboard
    DASHBOARD = "dashboard"

    # --- deliveries
    CONNECTIONS = "connections"
    LETTERS = "letters"
    ROUTES = "routes"

    # --- figures

    # --- files

    # --- incidents
    INCIDENTS = "incidents"
    INCIDENT_REVIEWS = "incident_reviews"
    INCIDENT_SETTINGS = "incident_settings"
    """The severity matrix and the rules that open incidents."""

    # --- launch
    LAUNCHES = "launches"
    CHECKLIST = "checklist"
    LAUNCH_TEMPLATES = "launch_templates"

    # --- live
    ME = "me"
    """What the listener may do has changed."""
    RESYNC = "resync"
    """Events were lost to this listener: everything that is shown must be asked for anew."""

    # --- oncall
    ONCALL = "oncall"
    PAGES = "pages"

    # --- privacy
    CONSENT = "consent"
    PRIVACY_POLICIES = "privacy_policies"
    PRIVACY_REQUESTS = "privacy_requests"

    # --- reporting
    TAX_REPORTS = "tax_reports"

    # --- risk
    RISK_QUEUE = "risk_queue"
    RISK_RULES = "risk_rules"

    # --- runbooks
    RUNBOOKS = "runbooks"

    # --- sample

    # --- shop
