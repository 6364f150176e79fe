"""What files add to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.core.capability import Capability

if TYPE_CHECKING:
    from backend.core.settings import Settings


def _setting_problem(settings: Settings) -> str | None:
    from backend.files.store import setting_problem

    return setting_problem(settings)


CAPABILITY = Capability(name="files", setting_problem=_setting_problem)
