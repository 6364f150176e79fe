"""What an operator sees of notes, and does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from app.core.query import Query
    from models.notes import Note

WRITE = Permission.MANAGE_ALERTS
TOPICS = frozenset({Topic.NOTES})
BASE = "/api/operations/notes"


class Notes:
    """Queries of one console about notes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self) -> Query[tuple[Note, ...]]:
        """The open notes, newest first; the last answer is shown in the next run until there is another."""
        from app.notes import requests

        return self._engine.listing("notes", TOPICS, requests.open_notes, keep=_value_type)


def _value_type() -> type[tuple[Note, ...]]:
    from models.notes import Note

    return tuple[Note, ...]


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return (MutationSpec("note.write", TOPICS), MutationSpec("note.finish", TOPICS, overlay=_without))


async def write(mutations: Mutations, text: str) -> Outcome:
    """Write a note. Raises OperationsError."""
    from models.notes import NoteDraft

    return await mutations.submit(MutationRequest("note.write", "Wrote a note", "POST", BASE, NoteDraft(text=text)))


async def finish(mutations: Mutations, note: Note) -> Outcome:
    """Say that a note is dealt with. Raises OperationsError."""
    path = f"{BASE}/{note.id}"
    return await mutations.submit(
        MutationRequest(
            "note.finish",
            "Dealt with a note",
            "POST",
            f"{path}/finish",
            version=note.version,
            resource=f"note:{note.id}",
            record=path,
            base=note,
        )
    )


def _without(value: Any, _fields: dict[str, Any], mutation: PendingMutation) -> Any:
    """The list without the note. Every query of the topic comes here, the counts behind the badges too."""
    if not isinstance(value, tuple):
        return value
    left = tuple(note for note in value if mutation.resource != f"note:{note.id}")
    return value if len(left) == len(value) else left
