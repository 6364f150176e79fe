"""The figures add nothing of their own to the server: the dashboard shows them, alert rules are held against them."""

from __future__ import annotations

from backend.core.capability import Capability

CAPABILITY = Capability(name="figures")
