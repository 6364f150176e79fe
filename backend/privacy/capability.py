"""What privacy adds to the server: nothing yet."""

from __future__ import annotations

from backend.core.capability import Capability

CAPABILITY = Capability(name="privacy")
