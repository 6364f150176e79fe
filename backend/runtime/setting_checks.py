"""What no setting tells by itself: whether the files, folders and keys they name can be used, before all starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from backend.core.settings import Settings


class SettingError(Exception):
    """A setting cannot be used; the words name it and say what to do."""


def check_settings(settings: Settings) -> None:
    """Raises SettingError for the first setting that cannot be used."""
    for words in _wrong(settings):
        raise SettingError(words)


def _wrong(settings: Settings) -> Iterator[str]:
    for name in ("database_url", "backup_database_url"):
        try:
            conninfo_to_dict(getattr(settings, name) or "")
        except psycopg.Error as error:
            yield f"{_variable(name)} is no address of a PostgreSQL database: {str(error).strip()}"
    for name in ("data_dir", "backup_folder", "audit_checkpoint_folder"):
        folder: Path | None = getattr(settings, name)
        if folder is not None and (words := _folder_words(folder)) is not None:
            yield f"{_variable(name)}: {words}"
    if (own := settings.data_dir) is not None:
        for file in (own / name for name in ("serve.lock", "serve.json", "progress.json", "serve.log")):
            if file.is_dir():
                yield f"{file} is a folder, and a file is to be there: remove it"
    from backend.capabilities import CAPABILITIES  # who only asks for help needs none of them

    yield from filter(None, (each.setting_problem(settings) for each in CAPABILITIES))


def _folder_words(folder: Path) -> str | None:
    """Why this cannot be a folder of ours, or become one; ``None`` when it can."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return f"{existing} is a file, and a folder is needed: name another place, or move the file away"
    if not os.access(existing, os.W_OK):
        return f"{existing} may not be written by this user"
    return None


def _variable(name: str) -> str:
    return f"OPSCONSOLE_{name.upper()}"
