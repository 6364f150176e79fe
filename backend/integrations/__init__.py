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
from backend.integrations.turnstile import Turnstile
from backend.privacy import PrivacyPorts


def adapters(settings: Settings) -> Adapters:
    """What stands behind the ports of every capability by these settings; what they do not name is off."""
    return Adapters(
        DeliveryPorts(channels(EgressGuard.of(settings).resolve), HOOKS, AlertAlarms(), RegisteredPeople(settings)),
        AccessPorts({name: AccessSnapshot(source.file) for name, source in settings.access_reports.items()}),
        PrivacyPorts(Turnstile(settings.turnstile_secret) if settings.turnstile_secret is not None else None),
    )
