"""Where the keys of personal data come from: a port, opened once at the start of each process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol

from backend.core.settings import Settings
from backend.privacy.keys.ring import KeyRing


class KeySource(Protocol):
    """Gives the keys: a file does, and a key service can, which unwraps the same lines."""

    def read(self) -> str:
        """The lines of the key file. Blocks; raises OSError and ValueError with words."""


class FileSource:
    """The file or the text that settings name; the file wins."""

    def __init__(self, file: Path | None, text: str) -> None:
        self._file, self._text = file, text

    def read(self) -> str:
        """The text; empty when nothing is named."""
        return self._text if self._file is None else self._file.read_text(encoding="ascii")


def has_keys(settings: Settings) -> bool:
    """Whether settings name keys."""
    return settings.privacy_key_file is not None or settings.privacy_key is not None


def ring_of(settings: Settings) -> KeyRing | None:
    """The keys, opened once by each process; ``None`` where none are set.

    Raises ValueError for what cannot be used, with what to do.
    """
    text = "" if settings.privacy_key is None else settings.privacy_key.get_secret_value()
    return _opened(settings.privacy_key_file, text) if has_keys(settings) else None


@cache
def _opened(file: Path | None, text: str) -> KeyRing:
    where = "OPSCONSOLE_PRIVACY_KEY" if file is None else str(file)
    return open_ring(FileSource(file, text), where)


def open_ring(source: KeySource, where: str) -> KeyRing:
    """The keys of a source. Raises ValueError with words that name ``where``."""
    try:
        text = source.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{where} cannot be read: {error}") from None
    return KeyRing.read(text, where)


def setting_problem(settings: Settings) -> str | None:
    """Why the keys that settings name cannot be used; ``None`` when they can."""
    try:
        ring_of(settings)
    except ValueError as error:
        return (
            f"OPSCONSOLE_PRIVACY_KEY_FILE or OPSCONSOLE_PRIVACY_KEY: {error}. Put your copy of the keys back: without "
            "them nobody opens what is personal, nor finds whose it is"
        )
    return None
