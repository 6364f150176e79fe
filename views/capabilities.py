"""Every capability of the window, in the order of rail, palette and list of keys. Written by hand, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from views.access import capability as access
from views.accounts import capability as accounts
from views.alerts import capability as alerts
from views.analytics import capability as analytics
from views.audit import capability as audit
from views.dashboard import capability as dashboard
from views.deliveries import capability as deliveries
from views.files import capability as files
from views.incidents import capability as incidents
from views.launch import capability as launch
from views.my_actions import capability as my_actions
from views.oncall import capability as oncall
from views.privacy import capability as privacy
from views.reporting import capability as reporting
from views.risk import capability as risk
from views.runbooks import capability as runbooks

if TYPE_CHECKING:
    from views.kit.capability import Capability

CAPABILITIES: tuple[Capability, ...] = (
    dashboard.CAPABILITY,
    alerts.CAPABILITY,
    risk.CAPABILITY,
    incidents.CAPABILITY,
    oncall.CAPABILITY,
    runbooks.CAPABILITY,
    launch.CAPABILITY,
    analytics.CAPABILITY,
    reporting.CAPABILITY,
    deliveries.CAPABILITY,
    access.CAPABILITY,
    privacy.CAPABILITY,
    accounts.CAPABILITY,
    audit.CAPABILITY,
    my_actions.CAPABILITY,
    files.CAPABILITY,
)
