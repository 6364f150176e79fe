"""Alerts and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.alerts.domain import Alerts

__all__ = ["Alerts"]


def __getattr__(name: str) -> Any:
    # At first use: the manifest lies in this package, and is imported before the first paint.
    if name == "Alerts":
        from app.alerts.domain import Alerts

        return Alerts
    raise AttributeError(name)
