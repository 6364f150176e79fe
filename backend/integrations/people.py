"""Who people are, for commands of deliveries that name them by number."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from backend.core.database import Connection
from backend.core.settings import Settings
from backend.privacy import contact_of, ring_of


class RegisteredPeople:
    """The people that privacy knows. The keys are opened when somebody is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def identify(self, connection: Connection, person_id: str) -> Mapping[str, str] | None:
        """The shop's id and the e-mail address, as far as they are known."""
        ring = ring_of(self._settings)
        if ring is None:
            raise LookupError("this worker has no keys of personal data: set OPSCONSOLE_PRIVACY_KEY_FILE for it")
        return await contact_of(connection, ring, UUID(person_id))
