"""What fields of any record hold, in words. No Qt."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from app.core.audit_words import sentence
from models.core.formatting import grouped

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_KEY = re.compile(r"[a-z]+\.[a-z_]+")


def instant(at: datetime) -> str:
    """``2026-11-24 13:12:44 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def value(of: Any, field: str = "") -> str:
    """What a field holds, as people read it."""
    match of:
        case None:
            return "–"
        case True | False:
            return "yes" if of else "no"
        case int():
            return grouped(of)
        case float():
            return f"{of:,.10f}".rstrip("0").rstrip(".").replace("-", "−")
        case str() if not of.strip():
            return "–"
        case str() if _INSTANT.match(of):
            return _read_instant(of)
        case str() if "ermission" in field and _KEY.fullmatch(of):
            area, _, verb = of.partition(".")
            return f"{sentence(verb)} ({area})"
        case str() if re.fullmatch(r"[a-z]+(_[a-z]+)+", of):
            return of.replace("_", " ")
        case _:
            return str(of)


def _read_instant(text: str) -> str:
    try:
        return instant(datetime.fromisoformat(text))
    except ValueError:
        return text
