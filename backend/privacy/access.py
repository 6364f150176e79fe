"""What routes of privacy share: the keys, and that each look at personal data is audited with its purpose."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from backend.core.problems import ProblemError, raises
from backend.core.security import Principal, require
from backend.privacy.keys.ring import KeyRing
from models.core.permissions import Permission
from models.core.problems import Code


@raises(Code.CONFLICT)
def _ring(request: Request) -> KeyRing:
    ring: KeyRing | None = request.app.state.key_ring
    if ring is None:
        raise ProblemError(
            Code.CONFLICT,
            "There are no keys for personal data here: an administrator sets OPSCONSOLE_PRIVACY_KEY_FILE for API and "
            "worker.",
        )
    return ring


Ring = Annotated[KeyRing, Depends(_ring)]
"""The keys of personal data; 409 where none are set."""


Viewer = Annotated[Principal, require(Permission.VIEW_PRIVACY_REQUESTS)]
Manager = Annotated[Principal, require(Permission.MANAGE_PRIVACY_REQUESTS)]
Officer = Annotated[Principal, require(Permission.MANAGE_PRIVACY_REQUESTS, step_up=300)]
Confidant = Annotated[Principal, require(Permission.VIEW_PERSONAL_DATA, step_up=300)]


def uuid_or_none(text: str | None) -> UUID | None:
    """An id as the database takes it; what is no UUID names nothing of ours."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
