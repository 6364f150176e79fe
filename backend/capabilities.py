"""Every capability of the server, by name. Only ``backend.runtime`` imports this; it iterates it and names none."""

from __future__ import annotations

from backend.access.capability import CAPABILITY as ACCESS
from backend.accounts.capability import CAPABILITY as ACCOUNTS
from backend.alerts.capability import CAPABILITY as ALERTS
from backend.analytics.capability import CAPABILITY as ANALYTICS
from backend.approvals.capability import CAPABILITY as APPROVALS
from backend.audit.capability import CAPABILITY as AUDIT
from backend.backup.capability import CAPABILITY as BACKUP
from backend.dashboard.capability import CAPABILITY as DASHBOARD
from backend.deliveries.capability import CAPABILITY as DELIVERIES
from backend.figures.capability import CAPABILITY as FIGURES
from backend.files.capability import CAPABILITY as FILES
from backend.incidents.capability import CAPABILITY as INCIDENTS
from backend.launch.capability import CAPABILITY as LAUNCH
from backend.live.capability import CAPABILITY as LIVE
from backend.oncall.capability import CAPABILITY as ONCALL
from backend.privacy.capability import CAPABILITY as PRIVACY
from backend.reporting.capability import CAPABILITY as REPORTING
from backend.risk.capability import CAPABILITY as RISK
from backend.runbooks.capability import CAPABILITY as RUNBOOKS
from backend.sample.capability import CAPABILITY as SAMPLE
from backend.shop.capability import CAPABILITY as SHOP

CAPABILITIES = (
    ACCESS,
    ACCOUNTS,
    ALERTS,
    ANALYTICS,
    APPROVALS,
    AUDIT,
    BACKUP,
    DASHBOARD,
    DELIVERIES,
    FIGURES,
    FILES,
    INCIDENTS,
    LAUNCH,
    LIVE,
    ONCALL,
    PRIVACY,
    REPORTING,
    RISK,
    RUNBOOKS,
    SAMPLE,
    SHOP,
)
"""One line each, so that two branches that add one touch different lines."""
