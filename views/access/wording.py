"""Names of permissions as people read them, and what dialogs about roles share."""

from __future__ import annotations

from datetime import datetime

from app.core.freshness import age_words

AREAS = {
    "operations": "Operations",
    "support": "Support",
    "analytics": "Analytics",
    "risk": "Risk",
    "privacy": "Privacy",
    "reporting": "Reporting",
    "incidents": "Incidents",
    "checklist": "Checklist",
    "launch": "Launch",
}


def area_of(permission: str) -> str:
    """The area of a key, such as Operations."""
    key = permission.partition(".")[0]
    return AREAS.get(key, key.capitalize())


def verb_of(permission: str) -> str:
    """What a key allows, without its area: View dashboard."""
    words = permission.partition(".")[2].replace("_", " ").replace("oncall", "on-call")
    return words[:1].upper() + words[1:]


def permission_words(permission: str) -> str:
    """A key as people read it, whole: Risk: publish rules."""
    verb = verb_of(permission)
    return f"{area_of(permission)}: {verb[:1].lower()}{verb[1:]}"


def ends_words(ends: datetime | None, now: datetime) -> str:
    """When a grant ends, in UTC."""
    if ends is None:
        return "no end"
    day = "today" if ends.date() == now.date() else day_words(ends, now)
    return f"{day} {ends:%H:%M}"


def day_words(day: datetime, now: datetime) -> str:
    """``17 Nov``; the year where it is not this one."""
    return f"{day.day} {day:%b}" if day.year == now.year else f"{day.day} {day:%b %Y}"


def left_words(ends: datetime | None, now: datetime) -> str:
    """How long a grant lasts."""
    if ends is None:
        return ""
    seconds = (ends - now).total_seconds()
    return "over" if seconds <= 0 else age_words(seconds)
