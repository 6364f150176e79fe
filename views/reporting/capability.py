"""What reporting brings to the window."""

from __future__ import annotations

from views.kit.capability import Capability

CAPABILITY = Capability(name="reporting")
