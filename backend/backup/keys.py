"""Where the key of backups comes from."""

from __future__ import annotations

from backend.backup.errors import BackupError
from backend.core.keys import Key
from backend.core.settings import Settings


def key_of(settings: Settings) -> Key:
    """The key the settings name; a file wins. Raises BackupError."""
    if settings.backup_key_file is not None:
        try:
            text = settings.backup_key_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise BackupError(f"the key file {settings.backup_key_file} cannot be read: {error}") from error
        return _key(text, str(settings.backup_key_file))
    if settings.backup_key is not None:
        return _key(settings.backup_key.get_secret_value(), "OPSCONSOLE_BACKUP_KEY")
    raise BackupError(
        "there is no key: `openssl rand -base64 32` makes one; have OPSCONSOLE_BACKUP_KEY_FILE name the file it is in, "
        "and keep a copy elsewhere, for without it no backup can be read"
    )


def _key(text: str, where: str) -> Key:
    try:
        return Key.read(text, where)
    except ValueError as error:
        raise BackupError(str(error)) from None


def setting_problem(settings: Settings) -> str | None:
    """What is wrong with the key that settings name; ``None`` when nothing is, or they name none."""
    if settings.backup_key is not None or settings.backup_key_file is not None:
        try:
            key_of(settings)
        except BackupError as error:
            return (
                f"OPSCONSOLE_BACKUP_KEY_FILE or OPSCONSOLE_BACKUP_KEY: {error}. Put your copy of the key back: without "
                "it the backups there are cannot be read"
            )
    return None
