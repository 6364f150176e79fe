"""Secrets of connections: sealed for the database, or read from where a reference says.

A sealed secret opens only as that of its own connection, with the key of the installation, which is never in the
database: neither a copy of it nor a backup holds a secret in the clear.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from pydantic import SecretStr

from backend.core.keys import Key
from backend.core.settings import WEBHOOKS, Settings

NONCE: Final = 12
LAST_FOUR_FROM: Final = 12
"""Of a shorter secret nothing is shown."""
LARGEST: Final = 16 * 1024
PREFIX: Final = "OPSCONSOLE_SECRET_"
"""References name variables made for it: those that hold our own keys must not leave with a request."""


class SecretError(Exception):
    """A secret cannot be had, with words for whoever sets it up."""


@dataclass(frozen=True, slots=True)
class SecretStore:
    """Seals and opens secrets."""

    key: Key | None
    folder: Path | None
    """Where ``file:`` references may lead."""
    own: Mapping[str, SecretStr] = field(default_factory=dict)
    """Variables of our settings that hold the secret of a connection."""

    @staticmethod
    def of(settings: Settings) -> SecretStore:
        """With the key these settings name; a file wins. Raises SecretError for one that cannot be read."""
        try:
            if settings.connection_key_file is not None:
                text = settings.connection_key_file.read_text(encoding="ascii")
                key = Key.read(text, str(settings.connection_key_file))
            elif settings.connection_key is not None:
                key = Key.read(settings.connection_key.get_secret_value(), "OPSCONSOLE_CONNECTION_KEY")
            else:
                key = None
        except (OSError, ValueError) as error:
            raise SecretError(
                f"the key of connections cannot be read: {error}. Put your copy of the key back: without it the "
                "secrets of all connections have to be entered anew"
            ) from None
        own = {
            f"OPSCONSOLE_{name.upper()}_SECRET": secret
            for name in WEBHOOKS
            if (secret := getattr(settings, f"{name}_secret")) is not None
        }
        return SecretStore(key, settings.secret_folder, own)

    def seal(self, connection_id: UUID, secret: str) -> bytes:
        """For the database. Raises SecretError without a key."""
        nonce = os.urandom(NONCE)
        return nonce + self._key().secret_cipher().encrypt(nonce, secret.encode(), connection_id.bytes)

    def open(self, connection_id: UUID, sealed: bytes) -> str:
        """In the clear. Raises SecretError."""
        cipher = self._key().secret_cipher()
        try:
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], connection_id.bytes).decode()
        except InvalidTag:
            raise SecretError("the secret was sealed with another key: enter it again") from None

    def read(self, reference: str) -> str:
        """What a reference leads to, here and now. Raises SecretError."""
        kind, _, name = reference.partition(":")
        if words := self._blocker(reference):
            raise SecretError(words)
        if kind == "env":
            value = self.own[name].get_secret_value() if name in self.own else os.environ.get(name, "")
        else:
            try:
                with Path(name).open(encoding="utf-8") as file:
                    value = file.read(LARGEST)
            except (OSError, UnicodeDecodeError) as error:
                raise SecretError(f"{name} cannot be read: {error}") from None
        if not (value := value.strip()):
            raise SecretError(f"{reference} holds nothing where the worker runs")
        return value

    def reference_blocker(self, reference: str, seed: str | None) -> str | None:
        """Why a connection may not be given a reference; ``None`` when it may.

        The secret of a connection that a setting names, its ``seed``, is for that one alone: another would take it to
        an address that somebody has typed.
        """
        name = reference.partition(":")[2]
        if name in self.own and name != f"OPSCONSOLE_{seed}_SECRET".upper():
            return f"{name} is for the connection that the setting beside it names"
        return self._blocker(reference)

    def _blocker(self, reference: str) -> str | None:
        kind, _, name = reference.partition(":")
        if kind == "env":
            if name in self.own or (name.startswith(PREFIX) and name != PREFIX):
                return None
            return f"a variable that connections may read starts with {PREFIX}"
        if self.folder is None:
            return "set OPSCONSOLE_SECRET_FOLDER to the folder that files of secrets lie in"
        if not Path(name).resolve().is_relative_to(self.folder.resolve()):
            return f"files of secrets lie in {self.folder}"
        return None

    def _key(self) -> Key:
        if self.key is None:
            raise SecretError(
                "there is no key to seal secrets with: `openssl rand -base64 32` makes one; have "
                "OPSCONSOLE_CONNECTION_KEY_FILE name the file it is in, for API and worker"
            )
        return self.key


def setting_problem(settings: Settings) -> str | None:
    """Why the key or the folder that settings name cannot be used; ``None`` when they can."""
    try:
        SecretStore.of(settings)
    except SecretError as error:
        return str(error)
    folder = settings.secret_folder
    if folder is not None and not folder.is_dir():
        return f"OPSCONSOLE_SECRET_FOLDER: {folder} is no folder: make it, or name another"
    return None


def last_four(secret: str) -> str:
    """What is shown of a secret."""
    return secret[-4:] if len(secret) >= LAST_FOUR_FROM else ""


def fingerprint(secret: str) -> str:
    """The first sixteen characters of its SHA-256, in groups of four."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 16, 4))
