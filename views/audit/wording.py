"""Audit entries in words: what happened, who did it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from app.capabilities import CAPABILITIES
from app.core.audit_words import AuditWords, actor_name, merged
from models.core.wording import THE_SYSTEM, initials, system_name

if TYPE_CHECKING:
    from models.audit import AuditLogEntry


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
