"""What incidents are called on the screen, and where their entries stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.alerts import Severity
from models.core.wording import initials
from models.incidents import CLOSED, IncidentRole, IncidentSeverity, IncidentStatus, LinkKind
from models.incidents.matrix import Closer, RuleKind
from models.incidents.timeline import TimelineKind
from models.incidents.updates import UpdatePhase

if TYPE_CHECKING:
    from datetime import datetime

    from models.incidents import IncidentRecord, RoleHolder
    from models.incidents.matrix import IncidentRule
    from models.incidents.timeline import TimelineEntry

HUES = {"SEV1": "P1", "SEV2": "P2", "SEV3": "P3", "SEV4": "P4"}
"""Shape and colour of a severity are those of alerts."""
MEANINGS = {
    IncidentSeverity.SEV1: "the shop does not sell or deliver",
    IncidentSeverity.SEV2: "many are hit",
    IncidentSeverity.SEV3: "some are hit, there is a way around",
    IncidentSeverity.SEV4: "nearly nobody is hit",
}
STATES = {
    IncidentStatus.DETECTED: "Detected",
    IncidentStatus.ACKNOWLEDGED: "Acknowledged",
    IncidentStatus.MITIGATED: "Mitigated",
    IncidentStatus.RESOLVED: "Resolved",
    IncidentStatus.REVIEWED: "Reviewed",
}
ROLES = {
    IncidentRole.COMMANDER: "Commander",
    IncidentRole.COMMUNICATIONS: "Comms lead",
    IncidentRole.SCRIBE: "Scribe",
}
PHASES = {
    UpdatePhase.INVESTIGATING: "Investigating",
    UpdatePhase.IDENTIFIED: "Cause identified",
    UpdatePhase.MONITORING: "Monitoring a fix",
    UpdatePhase.RESOLVED: "Resolved",
}
KINDS = {
    TimelineKind.STATUS: "Status",
    TimelineKind.ALERT: "Alarm",
    TimelineKind.PAGE: "Page",
    TimelineKind.ROLE: "Role",
    TimelineKind.UPDATE: "Update",
    TimelineKind.NOTE: "Note",
    TimelineKind.STEP: "Runbook step",
    TimelineKind.DEPLOY: "Deploy",
    TimelineKind.RULE: "Rule",
    TimelineKind.VERDICT: "Verdict",
    TimelineKind.DECISION: "Decision",
}
CLOSERS = {
    Closer.LEADS: "leads",
    Closer.COMMANDER: "commander or leads",
    Closer.RESPONDERS: "all responders",
}
LINKS = {
    LinkKind.SLACK: "Slack channel",
    LinkKind.TICKET: "Ticket",
    LinkKind.PAGERDUTY: "PagerDuty",
    LinkKind.CALL: "Call",
    LinkKind.OTHER: "Link",
}
STORY, EVERYTHING = "Story", "Everything"
FILTERS: dict[str, tuple[TimelineKind, ...]] = {
    STORY: (),
    "Alarms": (TimelineKind.ALERT,),
    "Pages": (TimelineKind.PAGE,),
    "Actions": (TimelineKind.NOTE, TimelineKind.STEP, TimelineKind.ROLE, TimelineKind.STATUS),
    "Updates": (TimelineKind.UPDATE,),
    "Changes": (TimelineKind.DEPLOY, TimelineKind.RULE, TimelineKind.VERDICT),
    EVERYTHING: (),
}
"""Kinds by what they are called; of none all."""
ANYWHERE = frozenset({"Changes", EVERYTHING})
"""Those of the whole system at the time: what was changed elsewhere may be the cause."""
LANES: tuple[tuple[str, tuple[TimelineKind, ...]], ...] = (
    ("Status", (TimelineKind.STATUS,)),
    ("Alarms", (TimelineKind.ALERT,)),
    ("Pages", (TimelineKind.PAGE,)),
    ("Actions", (TimelineKind.NOTE, TimelineKind.STEP, TimelineKind.ROLE, TimelineKind.VERDICT, TimelineKind.DECISION)),
    ("Updates", (TimelineKind.UPDATE,)),
    ("Deploys, rules", (TimelineKind.DEPLOY, TimelineKind.RULE)),
)


def lane_of(kind: TimelineKind) -> int:
    """The lane an entry of a kind stands in."""
    return next(number for number, (_, kinds) in enumerate(LANES) if kind in kinds)


def is_open(incident: IncidentRecord) -> bool:
    """Whether it is still worked on."""
    return incident.status not in CLOSED


def span_words(seconds: float) -> str:
    """How long something took or has been going on: ``41 s``, ``4 min 03 s``, ``2 h 42 min``, ``3 d 4 h``."""
    whole = int(abs(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"


def due_words(due: datetime | None, now: datetime) -> str:
    """When the next update is due."""
    if due is None:
        return "none is due"
    left = (due - now).total_seconds()
    return span_words(left) if left >= 0 else f"{span_words(left)} late"


def minutes_words(seconds: float) -> str:
    """As ``span_words``, for who stands far away: nobody reads seconds there."""
    whole = int(abs(seconds))
    return f"{whole // 60} min" if 60 <= whole < 3_600 else span_words(seconds)


def update_words(due: datetime | None, now: datetime) -> str:
    """When the next update is due, for who stands far away: ``update in 12 min``, ``update 4 min late``."""
    if due is None:
        return ""
    left = (due - now).total_seconds()
    return f"update in {minutes_words(left)}" if left >= 0 else f"update {minutes_words(left)} late"


def holder(incident: IncidentRecord, role: IncidentRole) -> RoleHolder | None:
    """Who has a role."""
    return next((each for each in incident.roles if each.role is role), None)


def stage_instant(incident: IncidentRecord, status: IncidentStatus) -> datetime | None:
    """When it came to a state, if it did."""
    at: datetime | None = getattr(incident, f"{status}_at")
    return at


def entry_text(entry: TimelineEntry) -> str:
    """What an entry says in one line, as corrected."""
    text = entry.corrections[-1].text if entry.corrections else entry.text
    first, *more = text.split("\n")
    words = f"{first} …" if more else first
    marks = ("★ " if entry.pinned else "") + ("✎ " if entry.corrections else "")
    return f"{marks}{words}"


def entry_instant(entry: TimelineEntry) -> datetime:
    """When it happened, as corrected."""
    told = [each.occurred_at for each in entry.corrections if each.occurred_at is not None]
    return told[-1] if told else entry.occurred_at


def actor_letters(entry: TimelineEntry) -> str:
    """Initials of whoever did it; nothing for what the system did."""
    return "" if entry.actor.startswith("system:") else initials(entry.actor_name or entry.actor)


def entry_words(entry: TimelineEntry) -> str:
    """All an entry says, for its tooltip and for screen readers."""
    at, kind = entry_instant(entry), KINDS[entry.kind]
    lines = [f"{at:%Y-%m-%d %H:%M:%S} UTC · {kind} · {entry.actor_name or entry.actor}", entry.text]
    if abs((entry.recorded_at - at).total_seconds()) >= 60:
        lines.append(f"Recorded {entry.recorded_at:%Y-%m-%d %H:%M:%S} UTC")
    lines += [f"Corrected by {each.by_name} {each.at:%H:%M} UTC: {each.text}" for each in entry.corrections]
    return "\n".join(lines)


def rule_words(rule: IncidentRule) -> str:
    """When a rule opens an incident: ``a P2 or worse burns for 10 min``."""
    least = "any alert" if rule.least_severity is Severity.P4 else f"{rule.least_severity} or worse"
    where = f" of {rule.group}" if rule.group is not None else ""
    if rule.kind is RuleKind.LASTING:
        return f"{least}{where} burns for {rule.minutes} min"
    each = where or " of one group"
    return f"{rule.alerts} alerts{each} within {rule.minutes} min, {least}"
