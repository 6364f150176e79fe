"""Which backups are kept: the newest of each of the last days, weeks and months that have one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"^opsconsole-(\d{8}T\d{6}Z)\.backup$")
SUSPECT = ".backup-failed"
"""Ending of a backup that did not pass its restore test."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How many of each are kept."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 6


def file_name(at: datetime) -> str:
    """The name of a backup begun at an instant."""
    return f"opsconsole-{stamp(at)}.backup"


def stamp(at: datetime) -> str:
    """``20261124T021500Z``."""
    return at.astimezone(UTC).strftime(_STAMP)


def begun_at(file: Path) -> datetime | None:
    """When a file was begun, by its name; ``None`` when it is no backup of ours."""
    found = _NAME.match(file.name)
    try:
        return None if found is None else datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def kept(instants: Collection[datetime], keep: Keep) -> set[datetime]:
    """Those to keep: of the last ``daily`` days with a backup the newest each, and so for weeks (ISO) and months."""
    rules: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
    )
    found: set[datetime] = set()
    newest_first = sorted(instants, reverse=True)
    for count, period in rules:
        newest: dict[object, datetime] = {}
        for at in newest_first:
            newest.setdefault(period(at), at)
        found.update(list(newest.values())[:count])
    return found


def prune(folder: Path, keep: Keep) -> list[str]:
    """Delete the backups that are not kept, and all but the newest suspect one; returns their names.

    Files with other names are left alone. Raises OSError.
    """
    files = {at: file for file in folder.iterdir() if (at := begun_at(file)) is not None}
    staying = kept(files, keep)
    gone = [file for at, file in files.items() if at not in staying]
    gone += sorted(folder.glob(f"opsconsole-*{SUSPECT}"))[:-1]
    for file in gone:
        file.unlink(missing_ok=True)
    return sorted(file.name for file in gone)
