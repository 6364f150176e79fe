"""What this capability is in the console."""

from __future__ import annotations

from app.core.capability import Capability

CAPABILITY = Capability(name="incidents")
