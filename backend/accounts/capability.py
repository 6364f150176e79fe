"""What built-in accounts and their sessions add to the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Audience, Capability, CreateSample
from backend.core.database import Connection
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter


def _routers() -> Sequence[APIRouter]:
    from backend.accounts.second_factor.routes import router as second_factor
    from backend.accounts.session.routes import router as session

    return session, second_factor


def _housekeeping() -> Sequence[Callable[[Connection], Awaitable[None]]]:
    from backend.accounts.second_factor.actions import forget_failures
    from backend.accounts.session.actions import forget_ended

    return forget_ended, forget_failures


def _sample() -> CreateSample:
    from backend.accounts.sample import create

    return create


CAPABILITY = Capability(
    name="accounts",
    routers=_routers,
    housekeeping=_housekeeping,
    audiences={"account": Audience(Topic.PEOPLE, frozenset({Permission.VIEW_AUDIT}))},
    changes_access=frozenset({"account"}),
    sample=_sample,
)
