"""Typed clients made from the plan: what a sender may say, as its own compiler checks it."""

from __future__ import annotations

from backend.analytics.clients.python import python_client
from backend.analytics.clients.typescript import typescript_client

__all__ = ["python_client", "typescript_client"]
