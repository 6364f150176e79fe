"""Everything the console is made of; ``Console`` and the window iterate it and name nobody."""

from __future__ import annotations

from app.access import capability as access
from app.accounts import capability as accounts
from app.alerts import capability as alerts
from app.analytics import capability as analytics
from app.approvals import capability as approvals
from app.audit import capability as audit
from app.backup import capability as backup
from app.core.capability import Capability
from app.dashboard import capability as dashboard
from app.deliveries import capability as deliveries
from app.files import capability as files
from app.incidents import capability as incidents
from app.launch import capability as launch
from app.my_actions import capability as my_actions
from app.oncall import capability as oncall
from app.privacy import capability as privacy
from app.reporting import capability as reporting
from app.risk import capability as risk
from app.runbooks import capability as runbooks
from app.sample import capability as sample
from app.shop import capability as shop

CAPABILITIES: tuple[Capability, ...] = (
    access.CAPABILITY,
    accounts.CAPABILITY,
    alerts.CAPABILITY,
    analytics.CAPABILITY,
    approvals.CAPABILITY,
    audit.CAPABILITY,
    backup.CAPABILITY,
    dashboard.CAPABILITY,
    deliveries.CAPABILITY,
    files.CAPABILITY,
    incidents.CAPABILITY,
    launch.CAPABILITY,
    my_actions.CAPABILITY,
    oncall.CAPABILITY,
    privacy.CAPABILITY,
    reporting.CAPABILITY,
    risk.CAPABILITY,
    runbooks.CAPABILITY,
    sample.CAPABILITY,
    shop.CAPABILITY,
)
