"""The keys of one log: the one that seals, and those that did before a rotation."""

from __future__ import annotations

from backend.audit.signed_notes import Verifier, signing_key
from backend.core.keys import retired_keys_file
from backend.core.settings import Settings


def known_verifiers(settings: Settings, origin: str) -> list[Verifier]:
    """Whose signatures count by the settings; empty without a key. Raises ValueError for keys that cannot be used."""
    key = signing_key(settings)
    if key is None:
        return []
    return [Verifier.of(origin, key), *(Verifier.parse(line) for line in retired_keys(settings))]


def retired_keys(settings: Settings) -> list[str]:
    """The vkeys beside the key's file. Raises ValueError when the file cannot be read."""
    if settings.audit_key is not None or settings.audit_key_file is None:
        return []
    try:
        return retired_keys_file(settings.audit_key_file).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the retired audit keys cannot be read: {error}") from None


def setting_problem(settings: Settings) -> str | None:
    """What is wrong with the keys that settings name; ``None`` when nothing is."""
    try:
        known_verifiers(settings, "opsconsole")
    except ValueError as error:
        return (
            f"OPSCONSOLE_AUDIT_KEY_FILE or OPSCONSOLE_AUDIT_KEY: {error}. Put your copy of the key back: with another "
            "one the whole log would look forged"
        )
    return None
