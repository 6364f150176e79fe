"""What notes are in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.audit_words import AuditWords
from app.core.capability import BadgeSpec, Capability, Engine
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.mutation_types import MutationSpec


def _mutations(_engine: Engine) -> Sequence[MutationSpec]:
    from app.notes.domain import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"note": "Note"},
        verbs={
            "notes.note.finished": "dealt with",
            "notes.note.linked": "has links",
            "notes.note.written": "written",
        },
        quoted=frozenset({"note"}),
    )


CAPABILITY = Capability(
    name="notes",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="notes.open",
            permission=Permission.VIEW_DASHBOARD,
            one="note is open",
            more="notes are open",
            topics=frozenset({Topic.NOTES}),
        ),
    ),
    audit=_audit,
)
