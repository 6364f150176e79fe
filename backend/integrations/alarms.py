"""Deliveries raise alerts, and tell of alerts and incidents: so these stand behind a port of theirs."""

from __future__ import annotations

from uuid import UUID

from backend.alerts import acknowledge_alert, clear_condition, find_open, raise_alert
from backend.core.database import Connection
from backend.incidents import acknowledge_incident, claim_incident
from backend.oncall import acknowledge_page
from models.alerts import AlertState, Severity

SOURCE = "deliveries"


class AlertAlarms:
    """The port ``Alarms`` on alerts."""

    async def raise_alarm(self, tx: Connection, *, key: str, title: str, severity: Severity, guidance: str) -> None:
        """Say that something holds."""
        await raise_alert(tx, source=SOURCE, key=key, title=title, severity=severity, guidance=guidance)

    async def clear_alarm(self, tx: Connection, *, key: str) -> None:
        """Say that it has passed."""
        await clear_condition(tx, source=SOURCE, key=key)

    async def acknowledge(self, tx: Connection, *, thread: str, actor: str, comment: str) -> bool:
        """Acknowledge the alert, the incident or the page a thread is about."""
        kind, _, alert_id = thread.partition(":")
        if kind == "incident":
            return await acknowledge_incident(tx, incident_id=UUID(alert_id), actor=actor, comment=comment)
        if kind == "page":
            return await acknowledge_page(tx, UUID(alert_id), actor=actor)
        alert = await find_open(tx, UUID(alert_id)) if kind == "alert" else None
        if alert is None or alert.state is not AlertState.ACTIVE:
            return False
        await acknowledge_alert(tx, actor=actor, alert_id=UUID(alert_id), version=alert.version, comment=comment)
        return True

    async def claim(self, tx: Connection, *, thread: str, person: str, actor: str, comment: str) -> bool:
        """Let somebody command an incident; who acknowledges an alert or a page has it by that."""
        kind, _, incident_id = thread.partition(":")
        if kind != "incident":
            return False
        return await claim_incident(tx, incident_id=UUID(incident_id), person=person, actor=actor, reason=comment)
