"""Incidents: opened, worked, told of, reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.incidents.domain import Incidents

__all__ = ["Incidents"]


def __getattr__(name: str) -> Any:
    # At first use: the manifest lies in this package, and is imported before the first paint.
    if name == "Incidents":
        from app.incidents.domain import Incidents

        return Incidents
    raise AttributeError(name)
