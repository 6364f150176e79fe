"""Who was paged for an incident, what was told of it, and what became of each message."""

from __future__ import annotations

from models.core.base import Instant, Record
from models.deliveries.receipts import NoticeReceipts
from models.oncall.pages import PageDetail


class IncidentDeliveries(Record):
    """All that went out for one incident, newest first."""

    pages: tuple[PageDetail, ...]
    notices: tuple[NoticeReceipts, ...]
    """The last 200."""
    as_of: Instant
