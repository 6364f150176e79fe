"""One small module for each outside system, behind the port its capability declares."""

from __future__ import annotations

from backend.access import AccessPorts
from backend.core.capability import Adapters
from backend.core.settings import Settings
from backend.deliveries import DeliveryPorts, EgressGuard
from backend.integrations.access_snapshot import AccessSnapshot
from backend.integrations.alarms import AlertAlarms
from backend.integrations.channels import channels
from backend.integrations.hooks import HOOKS
from backend.integrations.people import RegisteredPeople
from backend.integrations.sftp import SftpDropbox
from backend.integrations.turnstile import Turnstile
from backend.privacy import PrivacyPorts
from backend.reporting import ReportingPorts


def adapters(settings: Settings) -> Adapters:
    """What stands behind the ports of every capability by these settings; what they do not name is off."""
    return Adapters(
        DeliveryPorts(channels(EgressGuard.of(settings).resolve), HOOKS, AlertAlarms(), RegisteredPeople(settings)),
        AccessPorts({name: AccessSnapshot(source.file) for name, source in settings.access_reports.items()}),
        ReportingPorts(_dropbox(settings)),
        PrivacyPorts(Turnstile(settings.turnstile_secret) if settings.turnstile_secret is not None else None),
    )


def _dropbox(settings: Settings) -> SftpDropbox | None:
    address, host_key, key_file = settings.finance_sftp, settings.finance_sftp_host_key, settings.finance_sftp_key_file
    if address is None or host_key is None or key_file is None:
        return None
    return SftpDropbox(address, host_key, key_file)
