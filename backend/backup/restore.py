"""Restore into an empty database, and for a test into a scratch database beside the one that was backed up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from backend.backup.archive import Manifest, identity, opened, queries, rows_of, verified
from backend.backup.audit_check import verify_audit
from backend.backup.errors import BackupError, NotWholeError, UntestedError
from backend.backup.postgres import Abort, connect, running, tool
from backend.backup.retention import stamp
from backend.core.database import APPLICATION_ROLE, ERASER_ROLE
from backend.core.keys import Key
from backend.migrations.migrate import current
from backend.migrations.revisions import as_text, from_text, newest, unknown

SCRATCH = "opsconsole_restore_test"

VerifyAudit = Callable[[str], str | None]
"""``None`` when the audit log of the database at an address is whole, else what is wrong."""


def restore(file: Path, key: Key, url: str, abort: Abort, verify: VerifyAudit = verify_audit) -> Manifest:
    """Restore a backup into the empty database at ``url``, as its owner, and compare it with the backup's manifest.

    The file is read to its end before anything is written, and restored whole or not at all. Raises BackupError.
    """
    manifest = verified(file, key, abort)
    if unknown(from_text(manifest.revision)):
        raise BackupError(
            f"{file} is at revision {manifest.revision}, newer than this program ({as_text(newest())}); "
            "install a newer one"
        )
    try:
        with connect(url, abort) as connection:
            version = connection.info.server_version
            if version < 180_000:
                raise BackupError(f"PostgreSQL 18 is needed; this is {version // 10_000}")
            if _one(connection, queries.used):
                raise BackupError(
                    f"the database {connection.info.dbname} is not empty; a backup is restored into an empty one only: "
                    "create one, and give its address"
                )
            _make_role(connection)
            name = connection.info.dbname
    except psycopg.Error as error:
        raise BackupError(f"the database could not be prepared: {str(error).strip()}") from error
    _pour(file, key, url, name, version, abort)
    if (wrong := differences(url, manifest, verify)) is not None:
        raise NotWholeError(f"{file} could be read, but {wrong}{_clear(url, name)}")
    return manifest


def _clear(url: str, name: str) -> str:
    """Leave nothing of a restore that nobody may go on with; what to do where that does not work, else no words.

    The database was empty, so all that is there was restored.
    """
    try:
        with connect(url) as connection, connection.transaction():
            for (schema,) in connection.execute(queries.restored_schemas).fetchall():
                connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
            # As a new database has it; what may be done there beyond that is in the backup.
            connection.execute("create schema public authorization pg_database_owner")
            connection.execute("grant usage on schema public to public")
    except psycopg.Error as error:
        return (
            f". What was restored could not be taken out again ({str(error).strip()}): nobody may work on the database "
            f"{name}; drop it and create it anew"
        )
    return ""


def restore_test(
    file: Path, key: Key, url: str, now: datetime, abort: Abort, verify: VerifyAudit = verify_audit
) -> str | None:
    """Restore a backup beside the database it was made of, judge it, and drop it again in any case.

    Returns ``None`` when it is good, else what is wrong with it. Raises UntestedError when it could not be tried, and
    BackupError when the end was asked for.
    """
    try:
        manifest = verified(file, key, abort)
        with connect(url, abort) as connection, _scratch(connection, now) as name:
            scratch = make_conninfo(url, dbname=name)
            try:
                _pour(file, key, scratch, name, connection.info.server_version, abort)
            except BackupError as error:
                connection.execute("select 1")  # a server that is gone says nothing about the backup
                if "No space left on device" in str(error):
                    raise UntestedError(f"the server has no room for the restore test: {error}") from error
                raise
            return differences(scratch, manifest, verify)
    except psycopg.Error as error:
        abort.check()
        raise UntestedError(f"the restore test was interrupted: {str(error).strip()}") from error
    except BackupError as error:
        abort.check()
        return str(error)


def differences(url: str, manifest: Manifest, verify: VerifyAudit) -> str | None:
    """How the database at ``url`` differs from what was backed up; ``None`` when it does not. Raises psycopg.Error."""
    with connect(url) as connection:
        revision = as_text(current(connection))
        rows = rows_of(connection)
    if revision != manifest.revision:
        return f"it is at revision {revision} instead of {manifest.revision}"
    wrong = sorted(name for name in rows.keys() | manifest.rows.keys() if rows.get(name) != manifest.rows.get(name))
    if wrong:
        words = (f"{name} has {rows.get(name, 0)} rows instead of {manifest.rows.get(name, 0)}" for name in wrong[:5])
        return "; ".join(words)
    return verify(url)


def _pour(file: Path, key: Key, url: str, name: str, version: int, abort: Abort) -> None:
    arguments = [
        tool("pg_restore", version),
        "--single-transaction",
        "--exit-on-error",
        # Whoever restores owns everything; what the application role may do is restored.
        "--no-owner",
        "--no-password",
        f"--dbname={make_conninfo(dbname=name)}",
    ]
    with opened(file, key) as (_, pieces), running(arguments, url, abort, feed=True) as (_, feed):
        for piece in pieces:
            feed.write(piece)
            abort.check()


@contextmanager
def _scratch(connection: psycopg.Connection[Any], now: datetime) -> Iterator[str]:
    """A database that is gone afterwards; those of killed tests of this database go first. Raises UntestedError."""
    prefix = f"{SCRATCH}_{identity(connection)}_"
    for (left,) in connection.execute(queries.left_over, {"prefix": prefix}).fetchall():
        _drop(connection, left)
    name = f"{prefix}{stamp(now).lower()}"
    try:
        connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise UntestedError(
            f"the login {connection.info.user} may not create a database for the restore test; "
            f"`alter role {connection.info.user} createdb`"
        ) from error
    try:
        yield name
    finally:
        _drop(connection, name)


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _make_role(connection: psycopg.Connection[Any]) -> None:
    """A dump holds no roles: those it grants something to must be there before."""
    role, eraser = sql.Identifier(APPLICATION_ROLE), sql.Identifier(ERASER_ROLE)
    with connection.transaction():
        for name in (APPLICATION_ROLE, ERASER_ROLE):
            if not _one(connection, "select exists (select from pg_roles where rolname = %s)", name):
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))
        if not _one(connection, "select pg_has_role(current_user, %s, 'set')", APPLICATION_ROLE):
            connection.execute(sql.SQL("grant {} to current_user").format(role))
        if not _one(connection, "select pg_has_role(%s, %s, 'set')", APPLICATION_ROLE, ERASER_ROLE):
            connection.execute(sql.SQL("grant {} to {} with inherit false, set true").format(eraser, role))


def _one(connection: psycopg.Connection[Any], statement: Any, *values: object) -> Any:
    row = connection.execute(statement, values or None).fetchone()
    return None if row is None else row[0]
