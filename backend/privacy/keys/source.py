"""Where the keys of personal data come from: a port, opened once at the start of each process."""

from __future__ import annotations

from typing import Protocol

from backend.core.settings import Settings
from backend.privacy.keys.ring import KeyRing


class KeySource(Protocol):
    """Gives the keys: a file does, and a key service can, which unwraps the same lines."""

    def read(self) -> str:
        """The lines of the key file. Blocks; raises OSError and ValueError with words."""


class FileSource:
    """The file or the text that settings name; the file wins."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self) -> str:
        """The text; empty when nothing is named."""
        if (file := self._settings.privacy_key_file) is not None:
            return file.read_text(encoding="ascii")
        return "" if self._settings.privacy_key is None else self._settings.privacy_key.get_secret_value()


def ring_of(settings: Settings, source: KeySource | None = None) -> KeyRing | None:
    """The keys; ``None`` where none are set. Raises ValueError for what cannot be used, with what to do."""
    where = "OPSCONSOLE_PRIVACY_KEY" if settings.privacy_key_file is None else str(settings.privacy_key_file)
    try:
        text = (source or FileSource(settings)).read()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{where} cannot be read: {error}") from None
    return KeyRing.read(text, where) if text.strip() else None


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
