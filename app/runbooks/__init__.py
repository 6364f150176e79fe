"""Runbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.runbooks.domain import Runbooks

__all__ = ["Runbooks"]


def __getattr__(name: str) -> Any:
    # At first use: the manifest lies in this package, and is imported before the first paint.
    if name == "Runbooks":
        from app.runbooks.domain import Runbooks

        return Runbooks
    raise AttributeError(name)
