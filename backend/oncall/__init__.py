"""Who is on call, and who is called when nobody answers."""

from __future__ import annotations

from backend.oncall.paging import PageSubject, acknowledge, acknowledge_page, page, pages_of, stop
from backend.oncall.schedules.loading import on_call

__all__ = ["PageSubject", "acknowledge", "acknowledge_page", "on_call", "page", "pages_of", "stop"]
