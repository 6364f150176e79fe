"""What the one-shot commands of the command line do. Each returns an exit code; words go to standard error."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from pydantic import SecretStr

from backend import accounts
from backend.audit import Verifier
from backend.core.database import DatabaseUnavailable
from backend.core.postgres_binaries import EmbeddedError
from backend.core.settings import Settings
from backend.runtime.data_folder import DataFolder, open_database, working_on
from models.core.permissions import BUILT_IN_ROLE_BY_ID
from models.core.wording import counted

if TYPE_CHECKING:
    from backend.shop import ImportOptions

OK, FAILED = 0, 1
PROGRESS_SECONDS = 1.0
TOKEN_LIFETIME = timedelta(hours=12)


def import_orders(
    settings: Settings,
    file: Path,
    options: ImportOptions,
    *,
    dry_run: bool,
    data_dir: Path | None,
    database_url: str | None,
) -> int:
    """Import a file of orders, with a line of progress where somebody watches; or only say what it would bring."""
    from backend.shop import ImportFailedError, preview_orders
    from backend.shop import import_orders as bring_in

    progress = _Progress(sys.stderr)

    async def run(url: str) -> int:
        async with open_database(url) as database:
            report = await bring_in(database, file, options, progress)
        progress.end()
        sys.stdout.write(f"{report}\n")
        return OK

    try:
        if dry_run:
            sys.stdout.write(f"{preview_orders(file, options)}\n")
            return OK
        with _database(settings, data_dir, database_url) as url:
            return asyncio.run(run(url))
    except (ImportFailedError, EmbeddedError, DatabaseUnavailable, OSError) as error:
        progress.end()
        words = str(error)
        again = _again(error.unclear) if isinstance(error, ImportFailedError) else ""
        return _failed(f"{file} was not imported:{chr(10) if chr(10) in words else ' '}{words}{again}")


class _Progress:
    """A line that says how far an import is, where somebody watches."""

    def __init__(self, to: TextIO) -> None:
        self._to, self._watched, self._said = to, to.isatty(), time.monotonic()
        self._wide = 0

    def __call__(self, done: int, total: int | None) -> None:
        """Say so, once in a while; ``total`` is not known while the file is read through."""
        now = time.monotonic()
        if self._watched and now - self._said >= PROGRESS_SECONDS:
            self._said = now
            self._say(f"{done:,} rows read" if total is None else f"{done:,} of {total:,} rows written")

    def end(self) -> None:
        """Leave no line behind."""
        if self._wide:
            self._say("")

    def _say(self, words: str) -> None:
        self._to.write(f"\r{words:{self._wide}}\r{words}")
        self._to.flush()
        self._wide = len(words)


def _again(unclear: Sequence[str]) -> str:
    """The command as it was given, with what it lacks: each way it could be meant."""
    if not unclear:
        return ""
    choices = {
        "--dates": ("day-first", "month-first"),
        "--decimal": (",", "."),
        "--time-zone": (_own_zone() or "Europe/Berlin",),
    }
    ways = []
    for answers in product(*(choices[option] for option in unclear)):
        given = [part for option, answer in zip(unclear, answers, strict=True) for part in (option, answer)]
        command = ["opsconsole", *sys.argv[1:], *given]
        ways.append(subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command))
    which = ", as it is meant" if len(ways) > 1 else ""
    zone = ", with the time zone of the shop" if "--time-zone" in unclear else ""
    return f"\nRun it again{which}{zone}:" + "".join(f"\n  {way}" for way in ways)


def _own_zone() -> str | None:
    """The time zone this environment names: a word to offer, never what a file's times are read in by themselves."""
    name = os.environ.get("TZ", "").lstrip(":")
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def print_token(settings: Settings, role: str, *, data_dir: Path) -> int:
    """Print a bearer token of the built-in account of a role."""
    from backend.core.security import mint

    try:
        with working_on(data_dir) as (folder, url):
            own = folder.settings(settings, url)
            asyncio.run(_seed(url))
            token, _ = mint(
                own,
                user_id=role,
                name=BUILT_IN_ROLE_BY_ID[role].name,
                auth_time=datetime.now(UTC),
                lifetime=TOKEN_LIFETIME,
            )
    except (EmbeddedError, DatabaseUnavailable, OSError) as error:
        return _failed(f"no token: {error}")
    sys.stdout.write(f"{token}\n")
    return OK


async def _seed(url: str) -> None:
    async with open_database(url) as database, database.transaction() as tx:
        await accounts.seed_role_accounts(tx)


def set_account(
    settings: Settings,
    account: str,
    *,
    full_name: str,
    role: str,
    password: str | None,
    data_dir: Path | None,
    database_url: str | None,
) -> int:
    """Create or change a built-in account."""

    async def run(url: str) -> None:
        async with open_database(url) as database, database.transaction() as tx:
            await accounts.set_account(tx, account=account, name=full_name, role=role, password=password)

    try:
        with _database(settings, data_dir, database_url) as url:
            asyncio.run(run(url))
    except (ValueError, EmbeddedError, DatabaseUnavailable, OSError) as error:
        return _failed(f"the account was not set: {error}")
    sys.stdout.write(f"{account} may sign in as {role}\n")
    return OK


def verify_audit(
    settings: Settings,
    verifiers: Sequence[Verifier],
    *,
    checkpoints: str | None,
    data_dir: Path | None,
    database_url: str | None,
) -> int:
    """Verify the audit log of a database; the first thing that is wrong goes to standard error."""
    from backend.audit import CheckpointStoreError, configured_store, known_verifiers, origin_of, store_at, verify_log

    try:
        with _database(settings, data_dir, database_url) as url:
            own = settings if data_dir is None else DataFolder(data_dir).settings(settings, url)
            known = list(verifiers) or known_verifiers(own, origin_of(url))
            if not known:
                return _failed("not verified: give --vkey, or set OPSCONSOLE_AUDIT_KEY_FILE")
            store = (
                configured_store(own) if checkpoints is None else store_at(checkpoints, own.audit_checkpoint_endpoint)
            )
            report = verify_log(url, known, () if store is None else store.notes())
    except (psycopg.Error, CheckpointStoreError, EmbeddedError, ValueError, OSError) as error:
        return _failed(f"not verified: {str(error).strip()}")
    if report.finding is not None:
        return _failed(str(report.finding))
    sys.stdout.write(
        f"{counted(report.verified, 'entry is as it was', 'entries are as they were')} sealed; "
        f"{counted(report.checkpoints, 'checkpoint')}, {report.outside:,} kept outside the database; "
        f"{counted(report.unsealed, 'newer entry is', 'newer entries are')} not sealed yet\n"
    )
    return OK


def rotate_audit_key(settings: Settings, *, data_dir: Path | None, database_url: str | None) -> int:
    """Make a new key for the audit log, say so in it, and keep the public half of the old one beside the new."""
    from backend.audit import Verifier, note_rotation, origin_of, signing_key
    from backend.core import files
    from backend.core.audit_trail import OPERATOR
    from backend.core.keys import new_signing_key, retired_keys_file

    async def note(url: str, old: str, new: str) -> None:
        async with open_database(url) as database, database.transaction() as tx:
            await note_rotation(tx, actor=OPERATOR, old=old, new=new)

    try:
        with _database(settings, data_dir, database_url) as url:
            own = settings if data_dir is None else DataFolder(data_dir).settings(settings, url)
            old, file = signing_key(own), own.audit_key_file
            if old is None:
                return _failed("no new key: there is none yet, so OPSCONSOLE_AUDIT_KEY_FILE has to name one first")
            if file is None or own.audit_key is not None:
                return _failed(
                    "no new key: it takes the place of a file, and the one before is kept beside it. Write the present "
                    "key into a file that only the service may read, have OPSCONSOLE_AUDIT_KEY_FILE name it for API "
                    "and worker, unset OPSCONSOLE_AUDIT_KEY, and run this again"
                )
            origin, text = origin_of(url), new_signing_key()
            new = signing_key(own.model_copy(update={"audit_key": SecretStr(text)}))
            assert new is not None  # noqa: S101 - it was made a line before
            retired, before = retired_keys_file(file), str(Verifier.of(origin, old))
            known = retired.read_text("utf-8") if retired.exists() else ""
            # First what only keeps the old one trusted, then the log, last the key: cut off anywhere, it is repeated.
            if before not in known.split():
                files.write(retired, f"{known}{before}\n")
            asyncio.run(note(url, before, str(Verifier.of(origin, new))))
            files.write(file, text)
    except (psycopg.Error, DatabaseUnavailable, EmbeddedError, ValueError, OSError) as error:
        return _failed(f"no new key: {str(error).strip()}")
    sys.stdout.write(f"{Verifier.of(origin, new)}\n")
    sys.stderr.write(f"the new key seals from here on; keep copies of {file} and {retired}\n")
    return OK


def verify_bundle(file: Path, verifiers: Sequence[Verifier]) -> int:
    """Verify an exported bundle; the first thing that is wrong goes to standard error."""
    from backend.audit import BundleError, check_bundle

    try:
        checked = check_bundle(file, verifiers)
    except BundleError as error:
        return _failed(f"not verified: {error}")
    if checked.finding is not None:
        return _failed(str(checked.finding))
    sys.stdout.write(
        f"entries {checked.first} to {checked.last} are as they were sealed, "
        f"{counted(checked.checkpoints, 'checkpoint')}\n"
    )
    return OK


def print_openapi() -> int:
    """Print the OpenAPI document, the same text at every run."""
    sys.stdout.write(openapi_text())
    return OK


def openapi_text() -> str:
    """The OpenAPI document as it is committed."""
    from backend.core.database import Database
    from backend.runtime.asgi import create_app

    document = create_app(Settings(), Database("")).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@contextmanager
def _database(settings: Settings, data_dir: Path | None, database_url: str | None) -> Iterator[str]:
    if data_dir is None:
        url = database_url or settings.database_url
        if url is None:
            raise ValueError("neither a data folder nor a database address was given")
        yield url
    else:
        with working_on(data_dir) as (_, url):
            yield url


def _failed(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return FAILED
