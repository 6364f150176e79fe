"""What the live stream says. Each event names a topic and the record that changed; consoles ask for it anew."""

from __future__ import annotations

from models.core.base import Count, Record


class Change(Record):
    """The data of an event."""

    resource_type: str
    resource_id: str
    version: Count | None = None
