"""Audit entries in words: what happened, who did it, what a field is called."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.capabilities import CAPABILITIES
from app.core.audit_words import THE_SYSTEM, AuditWords, actor_name, merged, sentence
from models.core.formatting import grouped
from models.core.wording import initials, system_name

if TYPE_CHECKING:
    from models.audit import AuditLogEntry

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_KEY = re.compile(r"[a-z]+\.[a-z_]+")


def title(entry: AuditLogEntry) -> str:
    """What happened: ``Role Support lead changed``. Names where there are any, never an id in their place."""
    return _words().title(entry)


@lru_cache
def _words() -> AuditWords:
    return merged(capability.audit() for capability in CAPABILITIES)


def who(entry: AuditLogEntry) -> str:
    """Whole name of who did it."""
    return actor_name(entry.actor, entry.actor_label)


def whom(entry: AuditLogEntry) -> str:
    """The same within a sentence: by *the system*."""
    name = who(entry)
    return name[:1].lower() + name[1:] if name == THE_SYSTEM else name


def short(entry: AuditLogEntry) -> str:
    """``TK`` for a person; a part of the system by its name."""
    return who(entry) if system_name(entry.actor) else initials(who(entry))


def instant(at: datetime) -> str:
    """``2026-11-24 13:12:44 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def value(of: Any, field: str = "") -> str:
    """What a field holds, as people read it."""
    match of:
        case None:
            return "–"
        case True | False:
            return "yes" if of else "no"
        case int():
            return grouped(of)
        case float():
            return f"{of:,.10f}".rstrip("0").rstrip(".").replace("-", "−")
        case str() if not of.strip():
            return "–"
        case str() if _INSTANT.match(of):
            return _read_instant(of)
        case str() if "ermission" in field and _KEY.fullmatch(of):
            area, _, verb = of.partition(".")
            return f"{sentence(verb)} ({area})"
        case str() if re.fullmatch(r"[a-z]+(_[a-z]+)+", of):
            return of.replace("_", " ")
        case _:
            return str(of)


def _read_instant(text: str) -> str:
    try:
        return instant(datetime.fromisoformat(text))
    except ValueError:
        return text
