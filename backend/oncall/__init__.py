"""Who is on call, and who is called when nobody answers."""

from __future__ import annotations

from backend.oncall.paging import PageSubject, acknowledge, acknowledge_page, page, pages_of, stop

__all__ = ["PageSubject", "acknowledge", "acknowledge_page", "page", "pages_of", "stop"]
