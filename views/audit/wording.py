"""Audit entries in words: what happened, who did it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from app.capabilities import CAPABILITIES
from app.core.audit_words import AuditWords, merged
from models.core.wording import initials, system_name

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
    return system_name(entry.actor) or entry.actor_label or entry.actor


def short(entry: AuditLogEntry) -> str:
    """``TK`` for a person; a part of the system by its name."""
    return system_name(entry.actor) or initials(who(entry))
