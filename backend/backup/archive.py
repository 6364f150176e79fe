"""A backup file: a sealed stream of a manifest and pg_dump's custom format, never written in the clear."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from pydantic import BaseModel, ValidationError

from backend.backup.errors import BackupError
from backend.backup.postgres import Abort, connect, running, tool
from backend.backup.retention import file_name
from backend.backup.sealed import CHUNK, Sealer, unseal
from backend.core.database import load_queries
from backend.core.files import sync_folder
from backend.core.keys import Key
from backend.migrations.migrate import current
from backend.migrations.revisions import as_text

queries = load_queries(__package__)

KEPT_APART = "data_key"
"""The table of keys of personal data. In no dump, so that destroying a key reaches every backup: privacy copies it."""

_LENGTH = struct.Struct(">I")
_MANIFEST_MOST = 16 * 1024 * 1024


class Manifest(BaseModel):
    """What a backup holds, as it was in the one snapshot that was dumped."""

    created_at: datetime
    revision: str
    """Of each branch of migrations the newest: ``alerts_0001+risk_0005``."""
    program: str
    server_version: int
    database: str
    rows: dict[str, int]
    """Rows of each table."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that lies in its folder, whole and synced."""

    file: Path
    bytes: int
    sha256: str
    manifest: Manifest


def identity(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """Eight digits that stand for one database of one server: what is left over under them is ours alone."""
    row = connection.execute(queries.identity).fetchone()
    assert row is not None  # noqa: S101 - a select without a table returns one row
    return hashlib.sha256(f"{row[0]}\n{row[1]}".encode()).hexdigest()[:8]


def _count(schema: str, table: str) -> sql.Composed:
    return sql.SQL("select count(*) from only {}").format(sql.Identifier(schema, table))


def examples() -> tuple[sql.Composed, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (_count("public", "audit_log"),)


def rows_of(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    """Rows of every table, counted, but of what dumps leave out."""
    counts: dict[str, int] = {}
    for schema, name in connection.execute(queries.tables).fetchall():
        if (schema, name) == ("public", KEPT_APART):
            continue
        row = connection.execute(_count(str(schema), str(name))).fetchone()
        counts[str(name) if schema == "public" else f"{schema}.{name}"] = 0 if row is None else int(str(row[0]))
    return counts


def make(url: str, folder: Path, key: Key, now: datetime, abort: Abort) -> Made:
    """Back up the database at ``url``, as its owner, into a new file of ``folder``.

    The caller sees to it that this database is backed up by nobody else meanwhile: what an earlier, killed one left in
    the folder is removed. Raises BackupError; then no file is left.
    """
    try:
        with connect(url, abort) as connection:
            mark = identity(connection)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in folder.glob(f"opsconsole-*.{mark}.part"):
                left.unlink(missing_ok=True)
            # Two within a second are rare, and still two.
            stamps = (now + timedelta(seconds=n) for n in count())
            file = next(file for at in stamps if not (file := folder / file_name(at)).exists())
            part = file.with_name(f"{file.name}.{mark}.part")
            try:
                with _snapshot(connection) as snapshot:
                    manifest = _manifest(connection, now)
                    sealer = _dump(url, snapshot, manifest, part, key, abort)
                part.replace(file)
                sync_folder(folder)
            finally:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
    except psycopg.Error as error:
        abort.check()
        raise BackupError(f"the database could not be read: {str(error).strip()}") from error
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
        words = "there is no room left" if full else f"it cannot be written ({error.strerror or error})"
        raise BackupError(f"{words} in {folder}; make room or choose another folder") from error
    return Made(file, sealer.bytes, sealer.sha256, manifest)


@contextlib.contextmanager
def _snapshot(connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[str]:
    """A snapshot for pg_dump to share, for as long as the block. It reads only, so it holds up no audit relay."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        row = connection.execute("select pg_export_snapshot()").fetchone()
        assert row is not None  # noqa: S101 - a select without a table returns one row
        yield str(row[0])
        if connection.info.transaction_status is not TransactionStatus.INTRANS:
            raise BackupError("the connection that held the snapshot was lost")


def _manifest(connection: psycopg.Connection[tuple[object, ...]], now: datetime) -> Manifest:
    revisions = current(connection)
    if not revisions:
        raise BackupError("this database holds nothing of opsconsole: run `opsconsole migrate` first")
    return Manifest(
        created_at=now,
        revision=as_text(revisions),
        program=version("opsconsole"),
        server_version=connection.info.server_version,
        database=connection.info.dbname,
        rows=rows_of(connection),
    )


def _dump(url: str, snapshot: str, manifest: Manifest, part: Path, key: Key, abort: Abort) -> Sealer:
    arguments = [
        tool("pg_dump", manifest.server_version),
        "--format=custom",
        # The lowest level: higher ones take several times as long for a tenth of the size.
        "--compress=gzip:1",
        f"--snapshot={snapshot}",
        "--lock-wait-timeout=60s",
        f"--exclude-table-data=public.{KEPT_APART}",
        "--no-password",
    ]
    text = manifest.model_dump_json().encode()
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - Path cannot open a descriptor
        sealer = Sealer(file, key)
        sealer.write(_LENGTH.pack(len(text)) + text)
        with running(arguments, url, abort) as (_, output):
            while data := output.read(CHUNK):
                sealer.write(data)
                abort.check()
        # Only when pg_dump has ended well: a stream without its end is refused by whoever reads it.
        sealer.close()
        file.flush()
        os.fsync(file.fileno())
    return sealer


@contextlib.contextmanager
def opened(file: Path, key: Key) -> Iterator[tuple[Manifest, Iterator[bytes]]]:
    """The manifest of a backup, and the dump piece by piece. Raises BackupError, also while the pieces are read."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}") from error
    with stream:
        chunks = unseal(stream, key, file)
        head = b""
        needed = _LENGTH.size
        while len(head) < needed:
            head += next(chunks, b"") or _no_manifest(file)
            if len(head) >= _LENGTH.size:
                needed = _LENGTH.size + min(_LENGTH.unpack_from(head)[0], _MANIFEST_MOST)
        try:
            manifest = Manifest.model_validate_json(head[_LENGTH.size : needed])
        except ValidationError:
            _no_manifest(file)
            raise
        yield manifest, chain((head[needed:],), chunks)


def _no_manifest(file: Path) -> bytes:
    raise BackupError(f"{file} does not say what it holds; it was made by a newer opsconsole")


def verified(file: Path, key: Key, abort: Abort) -> Manifest:
    """Read a backup to its end, so that every byte is known to be as it was written. Raises BackupError."""
    with opened(file, key) as (manifest, pieces):
        for _ in pieces:
            abort.check()
        return manifest
