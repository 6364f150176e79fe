"""What entries say in plain words, for exports and for whoever reads the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.incidents.timeline import TimelineKind

_UNTOLD = frozenset({"version", "updatedAt", "openAlerts", "alerts", "updates", "nextUpdateDueAt", "postmortemLink"})
"""Fields of an incident whose change says nothing by itself."""

_OF_IT = {"page": "Page", "incident_review": "Review"}
"""What belongs to one incident bears its title, which says nothing within its own timeline."""


def text_of(row: Mapping[str, Any], kind: TimelineKind, *, own: bool) -> str:
    """One entry as a sentence without its end."""
    after, before = row["after"] or {}, row["before"] or {}
    match row["action"]:
        case "incidents.note.written":
            return str(after.get("text", ""))
        case "incidents.update.posted":
            return f"Update {after.get('number', '')}: {after.get('text', '')}"
        case "incidents.update.overdue":
            return "An update is overdue"
        case "incidents.deploy.recorded":
            return f"{row['label']} deployed to {after.get('environment', '')}"
        case "incidents.incident.opened":
            return f"Opened as {after.get('severity', '')}: {after.get('title', '')}"
        case "incidents.incident.severity_changed":
            return _reasoned(f"Severity {before.get('severity')} is {after.get('severity')} now", row)
        case "incidents.incident.times_changed" | "incidents.incident.changed":
            names = ", ".join(_words(name) for name in changes(before, after))
            return _reasoned(f"Changed: {names}", row)
        case "incidents.alert.attached" | "incidents.alert.detached":
            count, titles = after.get("alerts", 1), ", ".join(row["named"] or ())
            verb = _words(row["action"].rpartition(".")[2])
            return (f"{count} alerts {verb}" if count != 1 else f"Alert {verb}") + (f": {titles}" if titles else "")
        case "incidents.participant.joined" | "incidents.participant.left":
            return _reasoned(f"{after.get('name') or after.get('userId')} {row['action'].rpartition('.')[2]}", row)
        case "incidents.role.given" | "incidents.role.handed_over" | "incidents.role.released":
            return _reasoned(_role(before, after), row)
        case "oncall.page.started" if own:
            return f"Page started by {after['policy']}" if after.get("policy") else "Page started"
        case "oncall.page.called" if own:
            return _called(after, row["named"] or ())
    verb = _words(row["action"].rpartition(".")[2])
    if kind is TimelineKind.STEP:
        step = f", step {after['step']}, {after.get('text', '')}" if "step" in after else ""
        return _reasoned(f"Runbook {after.get('runbook', '')}{step}: {verb}", row)
    if own and kind is TimelineKind.STATUS:
        return _reasoned(verb.capitalize(), row)
    if own and (noun := _OF_IT.get(row["resource_type"])) is not None:
        return _reasoned(f"{noun} {verb}", row)
    noun = _words(row["resource_type"]).capitalize()
    return _reasoned(f"{noun} {row['label'] or ''}".strip() + f": {verb}", row if own else None)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """By field, what it was and what it is."""
    return {
        name: {"before": before.get(name), "after": value}
        for name, value in after.items()
        if before.get(name) != value and name not in _UNTOLD
    }


def details_of(row: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    """What an entry says besides its words; of what happened elsewhere nothing."""
    after, before = row["after"] or {}, row["before"] or {}
    if row["resource_type"] == "deploy":
        return dict(after)
    if not own or row["resource_type"] == "alert":
        return {}
    return changes(before, after) if before else {name: each for name, each in after.items() if name not in _UNTOLD}


def occurred_at(row: Mapping[str, Any]) -> datetime:
    """When it happened, as whoever recorded it says; else when it was recorded."""
    said = (row["after"] or {}).get("occurredAt") or (row["after"] or {}).get("deployedAt")
    at: datetime = row["at"] if said is None else datetime.fromisoformat(said)
    return at


def _called(after: Mapping[str, Any], people: Sequence[str]) -> str:
    step, again = after.get("step"), after.get("round") or 0
    where = "by fallback" if step is None else f"step {step + 1}"
    return f"Paged {', '.join(people) or 'nobody'}, {where}" + (f", round {again}" if again > 1 else "")


def _role(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    role = str(after.get("role", "")).capitalize()
    old, new = (each.get("name") or each.get("userId") for each in (before, after))
    if new is None:
        return f"{role}: {old} no longer"
    return f"{role}: {new}" if old is None else f"{role}: handed over from {old} to {new}"


def _reasoned(words: str, row: Mapping[str, Any] | None) -> str:
    return words if row is None or not row["reason"] else f"{words}. {row['reason']}"


def _words(name: str) -> str:
    parts = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return parts.replace("_", " ").strip()
