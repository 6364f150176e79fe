"""What the routes of launches share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from backend.core.capability import Adapters, Criteria
from backend.core.security import Principal, require
from backend.core.settings import Settings
from models.core.permissions import Permission

Viewer = Annotated[Principal, require(Permission.VIEW_CHECKLIST)]
Signer = Annotated[Principal, require(Permission.COMPLETE_CHECKLIST)]
Manager = Annotated[Principal, require(Permission.MANAGE_CHECKLIST)]
Stopper = Annotated[Principal, require(Permission.LAUNCH_VOTE)]
"""Whoever votes may stop the clock, and at once."""
Voter = Annotated[Principal, require(Permission.LAUNCH_VOTE, step_up=300)]
Director = Annotated[Principal, require(Permission.LAUNCH_DIRECT, step_up=300)]


def _criteria(http: Request) -> Criteria:
    adapters: Adapters = http.app.state.adapters
    return adapters.of(Criteria)


def _settings(http: Request) -> Settings:
    settings: Settings = http.app.state.settings
    return settings


KnownCriteria = Annotated[Criteria, Depends(_criteria)]
Configured = Annotated[Settings, Depends(_settings)]
