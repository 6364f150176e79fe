"""``opsconsole backup`` and ``opsconsole restore``. Each returns an exit code; words go to standard error."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backend.backup import (
    Abort,
    BackupError,
    Manifest,
    NotWholeError,
    Plan,
    back_up,
    key_of,
    restore_file,
    sealed_audit_check,
    sealed_by,
    verified,
)
from backend.core.audit_trail import OPERATOR
from backend.core.database import DatabaseUnavailable
from backend.core.keys import Key
from backend.core.postgres_binaries import EmbeddedError
from backend.core.processes import FolderBusyError
from backend.core.settings import Settings
from backend.migrations.migrate import migrate
from backend.privacy import restore_keys
from backend.runtime.data_folder import DataFolder, drop_database, make_database, open_database, prepare, working_on
from backend.runtime.embedded_postgres import OWNER, Embedded
from models.backup import BackupRun, BackupState

OK, FAILED = 0, 1


def back_up_now(settings: Settings, to: Path, *, data_dir: Path | None, database_url: str | None) -> int:
    """Make a backup in the folder ``to`` and test it. 1 when it failed or could not be tested."""
    folder = to.absolute()

    async def run(url: str, given: Settings) -> BackupRun:
        check = sealed_audit_check(given)
        plan = Plan(url, folder, key_of(given), scheduled=False, actor=OPERATOR, verify=check)
        async with open_database(url) as database:
            return await back_up(database, plan)

    try:
        with _owner(settings, data_dir, database_url) as (url, given):
            done = asyncio.run(run(url, given))
    except (BackupError, EmbeddedError, DatabaseUnavailable, OSError) as error:
        return _failed(f"no backup was made: {error}")
    if not done.file:
        return _failed(f"no backup was made: {done.detail}")
    sys.stdout.write(f"{done.file}\n")
    match done.state:
        case BackupState.OK:
            sys.stderr.write(f"{done.bytes:,} bytes, restored for a test and found whole\n")
            return OK
        case BackupState.UNTESTED:
            return _failed(f"it was made but not tested: {done.detail}")
        case _:
            return _failed(f"it did not pass its restore test: {done.detail}")


def list_backup(settings: Settings, file: Path, *, data_dir: Path) -> int:
    """Verify a file and print what it holds."""
    try:
        manifest = verified(file, _key(settings, data_dir), Abort())
    except BackupError as error:
        return _failed(str(error))
    sys.stdout.write(_words(manifest))
    return OK


def restore_backup(settings: Settings, file: Path, *, data_dir: Path | None, database_url: str | None) -> int:
    """Restore a file into an empty database, or into a data folder whose database is empty or not there yet."""
    lacking: tuple[str, ...] = ()
    try:
        if data_dir is not None:
            manifest, lacking = _restore_folder(settings, file, data_dir)
        else:
            url = database_url or settings.backup_database_url or settings.database_url
            assert url is not None  # noqa: S101 - the command line sees to it
            manifest = restore_file(file, key_of(settings), url, Abort(), sealed_by(settings))
            migrate(url)
            _restore_keys(file, key_of(settings), url)
    except FolderBusyError:
        return _failed(f"nothing was restored: {data_dir} is in use; stop the server that has it first")
    except (BackupError, EmbeddedError, psycopg.Error, RuntimeError, OSError) as error:
        return _failed(f"nothing was restored: {str(error).strip()}")
    sys.stdout.write(_words(manifest))
    sys.stderr.write("restored, compared with what was backed up, and migrated\n")
    if lacking:
        sys.stderr.write("keys are not in a backup; before it is served:\n")
        sys.stderr.writelines(f"  {words}\n" for words in lacking)
    return OK


def _restore_keys(file: Path, key: Key, url: str) -> None:
    """A backup holds no keys of personal data: take those of the newest copy beside it. Raises BackupError."""

    async def run() -> int | None:
        async with open_database(url) as database:
            return await restore_keys(database, file.parent, key)

    if (taken := asyncio.run(run())) is None:
        sys.stderr.write(
            f"no keys of personal data were found in {file.parent / 'keys'}: what is sealed stays closed\n"
        )
    elif taken:
        sys.stderr.write(f"{taken:,} keys of personal data taken from their newest copy\n")


def _restore_folder(settings: Settings, file: Path, data_dir: Path) -> tuple[Manifest, tuple[str, ...]]:
    key = _key(settings, data_dir)
    verified(file, key, Abort())  # before a folder is made for nothing
    folder = DataFolder(data_dir)
    embedded = Embedded(folder.path)
    with folder.lock():
        try:
            embedded.start()
            make_database(embedded)
            audited = folder.with_audit_key(settings)
            try:
                manifest = restore_file(file, key, embedded.url(OWNER), Abort(), sealed_by(audited))
            except NotWholeError:
                drop_database(embedded)
                raise
            prepare(embedded, lambda _message, _fraction: None)
            folder.keep_backup_key(key)
            folder.keep_audit_key(audited)
            _restore_keys(file, key, embedded.url(OWNER))
            return manifest, tuple(folder.lacking(embedded.url()))
        finally:
            embedded.stop()


def _key(settings: Settings, data_dir: Path) -> Key:
    """The key of the settings, or that of a data folder which has one."""
    kept = data_dir / "backup.key"
    if settings.backup_key is None and settings.backup_key_file is None and kept.exists():
        settings = settings.model_copy(update={"backup_key_file": kept})
    return key_of(settings)


@contextmanager
def _owner(settings: Settings, data_dir: Path | None, database_url: str | None) -> Iterator[tuple[str, Settings]]:
    """The address with the owner's login, and the settings with a key."""
    if data_dir is None:
        url = database_url or settings.backup_database_url or settings.database_url
        assert url is not None  # noqa: S101 - the command line sees to it
        yield url, settings
        return
    with working_on(data_dir) as (folder, url):
        own = folder.settings(settings, url, ("audit", "backup"))
        yield own.backup_database_url or url, own


def _words(manifest: Manifest) -> str:
    rows = "".join(f"  {count:>12,}  {name}\n" for name, count in sorted(manifest.rows.items()) if count)
    return (
        f"made {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC by opsconsole {manifest.program} of the database "
        f"{manifest.database}, revision {manifest.revision}, PostgreSQL {manifest.server_version // 10_000}\n{rows}"
    )


def _failed(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return FAILED
