"""Who people are, for commands of deliveries that name them, or a request of theirs, by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from backend.core.database import Connection
from backend.core.settings import Settings
from backend.privacy import contact_of, request_words, ring_of

PERSON: Final = "personId"
REQUEST: Final = "privacyRequestId"


class RegisteredPeople:
    """The people that privacy knows. The keys are opened when somebody is first asked for."""

    marks = frozenset({PERSON, REQUEST})

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def fill_in(self, connection: Connection, data: Mapping[str, Any]) -> Mapping[str, str] | None:
        """The shop's id and the e-mail address, as far as they are known, and what a person with a request is told."""
        ring = ring_of(self._settings)
        if ring is None:
            raise LookupError("this worker has no keys of personal data: set OPSCONSOLE_PRIVACY_KEY_FILE for it")
        if REQUEST in data:
            return await request_words(connection, ring, UUID(data[REQUEST]), str(data.get("notice", "")))
        return await contact_of(connection, ring, UUID(data[PERSON]))
