"""How far ahead rosters are worked out: it takes time in proportion, and everybody waits meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from backend.core.problems import invalid

YEARS_MOST: Final = 5
_FARTHEST: Final = timedelta(days=366 * YEARS_MOST)


def check_reach(at: datetime, now: datetime, pointer: str) -> None:
    """Refuse what lies too far ahead: turns that work are counted one by one. Raises ProblemError 422."""
    if at - now > _FARTHEST:
        raise invalid(pointer, f"it lies more than {YEARS_MOST} years ahead")
