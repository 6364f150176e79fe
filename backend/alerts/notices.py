"""Who hears of an alert: the team it is for, when it is raised, gets worse, is acknowledged and is over."""

from __future__ import annotations

from backend.alerts.decide import AlertEvent
from backend.core.audit_trail import person_name
from backend.core.database import Connection
from backend.deliveries import NoticeAction, NoticeAudience, NoticePhase, notify
from models.alerts import Alert
from models.deliveries.routing import Team

_TOLD = {
    AlertEvent.RAISED: ("alert.raised", NoticePhase.RAISED),
    AlertEvent.ESCALATED: ("alert.updated", NoticePhase.UPDATED),
    AlertEvent.ACKNOWLEDGED: ("alert.acknowledged", NoticePhase.ACKNOWLEDGED),
    AlertEvent.CLEARED: ("alert.resolved", NoticePhase.RESOLVED),
}
"""Other events change nothing for whoever was told."""
_TEAMS = {"risk": Team.RISK}
"""By the part of the system that raised it; all others are for operations."""


async def notify_change(tx: Connection, event: AlertEvent, alert: Alert, *, actor: str) -> None:
    """Tell of an event, if it is one that is told of and anybody is to hear."""
    if event not in _TOLD:
        return
    template, phase = _TOLD[event]
    values = {
        "title": alert.title,
        "severity": alert.severity.value,
        "since": f"{alert.raised_at:%d %b %H:%M UTC}",
        "guidance": alert.guidance,
        "actor": await person_name(tx, actor),
        "comment": alert.comment or "",
        "link": alert.runbook_url,
    }
    open_still = phase in {NoticePhase.RAISED, NoticePhase.UPDATED}
    actions = {NoticeAction.ACKNOWLEDGE: open_still, NoticeAction.OPEN: bool(alert.runbook_url)}
    await notify(
        tx,
        NoticeAudience(_TEAMS.get(alert.source or "", Team.OPERATIONS), alert.severity),
        template,
        values,
        thread=f"alert:{alert.id}",
        phase=phase,
        actions=tuple(action for action, is_offered in actions.items() if is_offered),
        actor=actor,
    )
