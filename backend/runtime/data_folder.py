"""The data folder of an embedded installation: lock, keys, progress, and how a database in it is made ready."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql
from pydantic import SecretStr

from backend.core import files
from backend.core.database import APPLICATION_ROLE, Database, load_queries
from backend.core.keys import Key, new_privacy_keys, new_signing_key, retired_keys_file
from backend.core.postgres_binaries import EmbeddedError
from backend.core.processes import FileLock, FolderBusyError
from backend.core.settings import Settings
from backend.migrations.migrate import migrate
from backend.runtime.embedded_postgres import DATABASE, OWNER, Embedded

KEY_LENGTH = 32
JOIN_SECONDS = 60.0
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""What connections of an installation on one computer may lead to besides the world."""

queries = load_queries(__package__, "data_folder.sql")

WITHOUT_SESSIONS = (
    "Put your copy of it back. Without one, `openssl rand -base64 48 > {path}` makes another: then everybody signs in "
    "again, and whoever has a second factor needs a recovery code or `opsconsole account rescue`"
)


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key that lies in the folder."""

    make: Callable[[], str]
    used: LiteralString
    """Asks the database whether something was made with it that a new one would not open."""
    lost: str
    """What it means that it is missing although it was used, and what to do."""


KEYS: Final[Mapping[str, OwnKey]] = {
    "token": OwnKey(
        lambda: secrets.token_urlsafe(48),
        queries.token_key_used,
        f"sessions or second factors were made with it. {WITHOUT_SESSIONS}",
    ),
    "audit": OwnKey(
        new_signing_key,
        queries.audit_key_used,
        "the audit log was sealed with it: put your copy of the key there. A new one would make the whole log look "
        "forged",
    ),
    "backup": OwnKey(
        lambda: f"{Key.make()}\n",
        queries.backup_key_used,
        "backups were sealed with it. Put your copy of it back: nothing else opens them. Without one, "
        "`openssl rand -base64 32 > {path}` makes another for backups from now on",
    ),
    "connection": OwnKey(
        lambda: f"{Key.make()}\n",
        queries.connection_key_used,
        "secrets of connections were sealed with it. Put your copy of it back. Without one, "
        "`openssl rand -base64 32 > {path}` makes another, and those secrets are entered anew",
    ),
    "privacy": OwnKey(
        new_privacy_keys,
        queries.privacy_key_used,
        "personal data was sealed with the keys in it. Put your copy of it back: nothing else opens what is known of "
        "people, nor finds whose it is",
    ),
}
"""By their names: files are called ``<name>.key``, settings ``<name>_key``."""

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

    def settings(self, base: Settings, database_url: str, keys: Collection[str] = tuple(KEYS)) -> Settings:
        """``base`` with this folder's database, ``keys``, and places for audit checkpoints and backups.

        A key that ``base`` does not name is the folder's own; it is made where nothing needs an earlier one. Raises
        EmbeddedError for one that is missing or damaged.
        """
        own: dict[str, Any] = {
            "data_dir": self.path,
            "database_url": database_url,
            "audit_checkpoint_folder": base.audit_checkpoint_folder
            or (None if base.audit_checkpoint_bucket else self.path / "audit-checkpoints"),
            "backup_database_url": Embedded(self.path).url(OWNER),
            "backup_folder": base.backup_folder or self.path / "backups",
            "runbooks_to": base.runbooks_to or str(self.path / "runbooks"),
            "files_to": base.files_to or str(self.path / "files"),
        }
        for name in keys:
            file = f"{name}_key_file"
            if name == "token":
                own["token_key"] = SecretStr(self._token_key(database_url))
            elif getattr(base, f"{name}_key") is None and getattr(base, file) is None:
                own[file] = self._key_file(name, database_url)
        if not base.egress_allow:
            own["egress_allow"] = LOOPBACK
        return base.model_copy(update=own)

    def lacking(self, database_url: str, keys: Collection[str] = tuple(KEYS)) -> Iterator[str]:
        """Of each key that something in the database was made with, and that is not here: what to do."""
        try:
            with psycopg.connect(database_url, connect_timeout=5) as connection:
                for name in keys:
                    key, path = KEYS[name], self._path(name)
                    if not path.exists() and connection.execute(key.used).fetchone() == (True,):
                        yield f"{path} is missing, and {key.lost.format(path=path)}"
        except psycopg.Error as error:
            raise EmbeddedError(f"whether a key is missing cannot be found out: {error}") from error

    def _path(self, name: str) -> Path:
        return self.path / f"{name}.key"

    def _key_file(self, name: str, database_url: str) -> Path:
        """The file of a key, readable by its owner only; made for an empty beginning alone."""
        path = self._path(name)
        if not path.exists():
            for words in self.lacking(database_url, (name,)):
                raise EmbeddedError(words)
            files.write(path, KEYS[name].make())
        return path

    def with_audit_key(self, settings: Settings) -> Settings:
        """``settings`` with the key that lies in the folder, if they name none."""
        named = settings.audit_key is not None or settings.audit_key_file is not None
        if named or not self._path("audit").exists():
            return settings
        return settings.model_copy(update={"audit_key_file": self._path("audit")})

    def _token_key(self, database_url: str) -> str:
        """The key that signs sessions."""
        path = self._key_file("token", database_url)
        try:
            key = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _damaged_token_key(path, str(error)) from None
        if len(key) < KEY_LENGTH:
            raise _damaged_token_key(path, f"it has {len(key)} characters, {KEY_LENGTH} or more are needed")
        return key

    def keep_backup_key(self, key: Key) -> None:
        """Take over the key of a restored backup, so that the older ones can be read as well."""
        if not self._path("backup").exists():
            files.write(self._path("backup"), key.text() + "\n")

    def keep_audit_key(self, settings: Settings) -> None:
        """Take over the key of a restored log, and what is known of those before it."""
        file, text = settings.audit_key_file, settings.audit_key
        if text is None and (file is None or file == self._path("audit")):
            return
        files.write(self._path("audit"), text.get_secret_value() if text else file.read_text("ascii") if file else "")
        if file is not None and (retired := retired_keys_file(file)).exists():
            files.write(retired_keys_file(self._path("audit")), retired.read_text("utf-8"))

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
    return EmbeddedError(f"{path} is damaged: {why}. {WITHOUT_SESSIONS.format(path=path)}")


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
