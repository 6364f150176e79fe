"""The data folder of an embedded installation: lock, keys, progress, and how a database in it is made ready."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from pydantic import SecretStr

from backend.core import files
from backend.core.database import APPLICATION_ROLE, Database
from backend.core.keys import Key, new_signing_key, retired_keys_file
from backend.core.postgres_binaries import EmbeddedError
from backend.core.processes import FileLock, FolderBusyError
from backend.core.settings import Settings
from backend.migrations.migrate import migrate
from backend.runtime.embedded_postgres import DATABASE, OWNER, Embedded

KEY_LENGTH = 32
JOIN_SECONDS = 60.0
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""What connections of an installation on one computer may lead to besides the world."""

Say = Callable[[str, float], None]
"""Told what is being done, and how far it is between 0 and 1."""


class DataFolder:
    """One folder, used by one ``serve`` at a time."""

    def __init__(self, path: Path) -> None:
        """Makes the folder if it is missing; raises OSError when that is impossible."""
        path.mkdir(parents=True, exist_ok=True)
        self.path = path.resolve()
        self.ready_file = self.path / "serve.json"
        self.progress_file = self.path / "progress.json"
        self.log_file = self.path / "serve.log"

    def lock(self) -> FileLock:
        """Take the folder; raises FolderBusyError while another process has it."""
        return FileLock(self.path / "serve.lock")

    def settings(self, base: Settings, database_url: str) -> Settings:
        """``base`` with this folder's database, keys, and places for audit checkpoints and backups."""
        own: dict[str, Any] = {
            "data_dir": self.path,
            "database_url": database_url,
            "token_key": SecretStr(self.token_key()),
            "audit_checkpoint_folder": base.audit_checkpoint_folder
            or (None if base.audit_checkpoint_bucket else self.path / "audit-checkpoints"),
            "backup_database_url": Embedded(self.path).url(OWNER),
            "backup_folder": base.backup_folder or self.path / "backups",
            "runbooks_to": base.runbooks_to or str(self.path / "runbooks"),
        }
        if base.audit_key is None and base.audit_key_file is None:
            own["audit_key_file"] = self.audit_key_file(database_url)
        if base.backup_key is None and base.backup_key_file is None:
            own["backup_key_file"] = self.backup_key_file()
        if base.connection_key is None and base.connection_key_file is None:
            own["connection_key_file"] = self.connection_key_file()
        if not base.egress_allow:
            own["egress_allow"] = LOOPBACK
        return base.model_copy(update=own)

    def audit_key_file(self, database_url: str) -> Path:
        """The file of the key that seals the audit log; made for an empty log alone. Raises EmbeddedError.

        A log that was sealed needs its key: with another one nobody could verify it any more.
        """
        path = self._audit_key
        if not path.exists():
            try:
                with psycopg.connect(database_url, connect_timeout=5) as connection:
                    sealed = connection.execute("select vkey from audit_checkpoint limit 1").fetchone()
            except psycopg.Error as error:
                raise EmbeddedError(f"whether the audit log has a key cannot be found out: {error}") from error
            if sealed is not None:
                raise EmbeddedError(
                    f"{path} is missing, and the audit log was sealed with it ({sealed[0]}): put your copy of the key "
                    "there. A new one would make the whole log look forged"
                )
            files.write(path, new_signing_key())
        return path

    @property
    def _audit_key(self) -> Path:
        return self.path / "audit.key"

    def with_audit_key(self, settings: Settings) -> Settings:
        """``settings`` with the key that lies in the folder, if they name none."""
        named = settings.audit_key is not None or settings.audit_key_file is not None
        if named or not self._audit_key.exists():
            return settings
        return settings.model_copy(update={"audit_key_file": self._audit_key})

    def backup_key_file(self) -> Path:
        """The file of the key of backups; made at first use, readable by its owner only. Raises EmbeddedError."""
        path = self.path / "backup.key"
        if not path.exists():
            files.write(path, Key.make() + "\n")
        return path

    def connection_key_file(self) -> Path:
        """The file of the key of connections' secrets; made at first use, readable by its owner only."""
        path = self.path / "connection.key"
        if not path.exists():
            files.write(path, Key.make() + "\n")
        return path

    def token_key(self) -> str:
        """The key that signs sessions; made at first use, readable by its owner only. Raises EmbeddedError."""
        path = self.path / "token.key"
        try:
            key = path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            key = secrets.token_urlsafe(48)
            files.write(path, key)
        except (OSError, UnicodeDecodeError) as error:
            raise _damaged_token_key(path, str(error)) from None
        if len(key) < KEY_LENGTH:
            raise _damaged_token_key(path, f"it has {len(key)} characters, {KEY_LENGTH} or more are needed")
        return key

    def keep_backup_key(self, key: Key) -> None:
        """Take over the key of a restored backup, so that the older ones can be read as well."""
        if not (self.path / "backup.key").exists():
            files.write(self.path / "backup.key", key.text() + "\n")

    def keep_audit_key(self, settings: Settings) -> None:
        """Take over the key of a restored log, and what is known of those before it."""
        file, text = settings.audit_key_file, settings.audit_key
        if text is None and (file is None or file == self._audit_key):
            return
        files.write(self._audit_key, text.get_secret_value() if text else file.read_text("ascii") if file else "")
        if file is not None and (retired := retired_keys_file(file)).exists():
            files.write(retired_keys_file(self._audit_key), retired.read_text("utf-8"))

    def say(self, message: str, fraction: float) -> None:
        """Let a waiting console see what is going on."""
        files.write(self.progress_file, json.dumps({"message": message, "fraction": round(fraction, 3)}))

    def failed(self, words: str) -> None:
        """Let a waiting console see why nothing comes."""
        files.write(self.progress_file, json.dumps({"message": words, "fraction": 0.0, "failed": True}))

    def announce(self, ready: Mapping[str, Any]) -> None:
        """Tell consoles where to connect."""
        files.write(self.ready_file, json.dumps(dict(ready)))
        self.progress_file.unlink(missing_ok=True)

    def withdraw(self) -> None:
        """Tell nobody any more."""
        self.ready_file.unlink(missing_ok=True)


def _damaged_token_key(path: Path, why: str) -> EmbeddedError:
    return EmbeddedError(
        f"{path} is damaged: {why}. Put your copy of it back. Without one, delete it, and a new key is made: everybody "
        "signs in again, and whoever has a second factor needs a recovery code or `opsconsole account rescue`"
    )


def prepare(embedded: Embedded, say: Say) -> None:
    """Database, schema and application role of a running embedded server. Raises EmbeddedError."""
    try:
        make_database(embedded)
        migrate(embedded.url(OWNER), lambda words: say(words.capitalize(), 0.2))
        with psycopg.connect(embedded.url(OWNER), autocommit=True) as connection:
            connection.execute(sql.SQL("alter role {} login").format(sql.Identifier(APPLICATION_ROLE)))
    except (psycopg.Error, RuntimeError) as error:
        raise EmbeddedError(f"the database could not be prepared: {error}") from error


def make_database(embedded: Embedded) -> None:
    """The database of a running embedded server, empty when it is new. Raises psycopg.Error."""
    with psycopg.connect(embedded.url(OWNER, "postgres"), autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def drop_database(embedded: Embedded) -> None:
    """Take away the database of a running embedded server. Raises psycopg.Error."""
    with psycopg.connect(embedded.url(OWNER, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(DATABASE)))


@contextmanager
def working_on(path: Path) -> Iterator[tuple[DataFolder, str]]:
    """The folder and the address of its running database, for one command.

    A ``serve`` that has the folder is used, waiting for its start if need be; otherwise the server runs for as long as
    the command. Raises EmbeddedError.
    """
    folder = DataFolder(path)
    embedded = Embedded(folder.path)
    try:
        lock = folder.lock()
    except FolderBusyError:
        _wait_for_other(folder, embedded)
        yield folder, embedded.url()
        return
    with lock:
        try:
            embedded.start()
            prepare(embedded, lambda _message, _fraction: None)
            yield folder, embedded.url()
        finally:
            embedded.stop()


def _wait_for_other(folder: DataFolder, embedded: Embedded) -> None:
    deadline = time.monotonic() + JOIN_SECONDS
    while True:
        try:
            with psycopg.connect(embedded.url(), connect_timeout=3):
                return
        except psycopg.Error as error:
            # It may be starting, creating the sample shop, or on its way out.
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the server that has {folder.path} does not answer: {error}") from error
        time.sleep(0.2)


@asynccontextmanager
async def open_database(url: str, statement_seconds: float = 600.0) -> AsyncIterator[Database]:
    """A database open for one command."""
    database = Database(url, size=4, statement_seconds=statement_seconds)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
