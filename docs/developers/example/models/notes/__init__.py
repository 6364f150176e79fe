"""Notes for whoever comes on shift next."""

from __future__ import annotations

from models.core.base import Identifier, Instant, Record, Request, RequiredText, Version


class NoteDraft(Request):
    """A new note."""

    text: RequiredText


class Note(Record):
    """A note; it is open until somebody has dealt with it."""

    id: Identifier
    text: str
    links: tuple[str, ...]
    """Web addresses in the text; a job looks for them after the note was written."""
    written_by: str
    written_at: Instant
    done_by: str | None
    version: Version
