"""How histories speak: what records are called, and what was done with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.core.wording import system_name

if TYPE_CHECKING:
    from models.audit import AuditLogEntry

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class AuditWords:
    """The words of a capability, or of all together."""

    nouns: Mapping[str, str] = field(default_factory=dict)
    """By resource type: ``alert_rule`` is *Alert rule*."""
    verbs: Mapping[str, str] = field(default_factory=dict)
    """By action: ``rbac.role.assigned`` is *given*."""
    quoted: frozenset[str] = frozenset()
    """Resource types whose labels are somebody's words."""
    verb_first: frozenset[str] = frozenset()
    """Resource types whose labels are whole requests: *Asked for: Viewer for Ada*."""
    about_actor: frozenset[str] = frozenset()
    """Resource types that are about who did it, where they have no label."""

    def title(self, entry: AuditLogEntry) -> str:
        """What happened: ``Role Support lead changed``. Names where there are any, never an id in their place."""
        kind = entry.resource_type
        noun = self.nouns.get(kind) or sentence(kind)
        label, verb = entry.resource_label, self.verb(entry.action)
        if not label and kind in self.about_actor:
            label = entry.actor_label
        if label and kind in self.verb_first:
            return f"{verb[:1].upper()}{verb[1:]}: {label}"
        if label and kind in self.quoted:
            label = f"“{label}”"
        if not label:
            noun = noun.removesuffix(" of")
        return " ".join(part for part in (noun, label, verb) if part)

    def verb(self, action: str) -> str:
        """What was done; of an action of another release, the last part of its name."""
        return self.verbs.get(action) or action.rpartition(".")[2].replace("_", " ")


def merged(words: Iterable[AuditWords]) -> AuditWords:
    """The words of several capabilities."""
    known = tuple(words)
    return AuditWords(
        nouns={kind: noun for each in known for kind, noun in each.nouns.items()},
        verbs={action: verb for each in known for action, verb in each.verbs.items()},
        quoted=frozenset().union(*(each.quoted for each in known)),
        verb_first=frozenset().union(*(each.verb_first for each in known)),
        about_actor=frozenset().union(*(each.about_actor for each in known)),
    )


def actor_name(actor: str, label: str | None = None) -> str:
    """Whole name of who did something."""
    return system_name(actor) or label or actor


def sentence(name: str) -> str:
    """A field's name as words: ``shelvedUntil`` is ``Shelved until``."""
    words = _CAMEL.sub(" ", name).replace("_", " ").lower().strip()
    return words[:1].upper() + words[1:]
