"""``GET /api/operations/rbac/me``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request

from backend.http import operations_router
from backend.security import Principal, require
from models.session import Me

router = operations_router("/api/operations/rbac", "rbac")


def _initials(name: str) -> str:
    words = name.replace("-", " ").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@router.get("/me")
async def me(request: Request, principal: Annotated[Principal, require(None)]) -> Me:
    """Who is signed in, with the permissions they have at this moment."""
    settings = request.app.state.settings
    return Me(
        user_id=principal.user_id,
        name=principal.name,
        initials=_initials(principal.name),
        roles=principal.roles,
        role_names=principal.role_names,
        permissions=tuple(sorted(principal.permissions)),
        environment=settings.environment,
        currency=settings.currency,
        as_of=datetime.now(UTC),
    )
