"""What files bring to the window."""

from __future__ import annotations

from views.kit.capability import Capability

CAPABILITY = Capability(name="files")
