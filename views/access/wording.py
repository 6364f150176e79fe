"""What dialogs about roles share."""

from __future__ import annotations

from datetime import datetime

from app.core.freshness import age_words


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
