"""Which release of the tz database local times are read by: a page keeps it with whom it resolved."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo


@cache
def release() -> str:
    """That of the system, which comes first, or that of the package."""
    for folder in TZPATH:
        if (found := Path(folder, "tzdata.zi")).is_file():
            with found.open(encoding="utf-8") as lines:
                return lines.readline().removeprefix("# version").strip()
    return version("tzdata")


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether there is a zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # there is none, or a folder, or it could be none
        return False
    return True
