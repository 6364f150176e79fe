"""``opsconsole runbooks``. Each command returns an exit code; words go to standard error."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from backend.core import files as whole_files
from backend.core.audit_trail import OPERATOR
from backend.core.database import Database, DatabaseUnavailable
from backend.core.postgres_binaries import EmbeddedError
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.runbooks import Imported, PublishError, everything, import_files, publish_to
from backend.runtime.data_folder import open_database, working_on
from models.core.wording import counted
from models.runbooks import FindingLevel, Runbook, RunbookDraft
from models.runbooks.checking import check_file
from models.runbooks.files import SUFFIX, FrontMatterError, from_file, to_file

T = TypeVar("T")

OK, FAILED = 0, 1
READABLE = 0o644


def publish(settings: Settings, to: str, *, data_dir: Path | None, database_url: str | None) -> int:
    """Write all runbooks as plain pages."""
    try:
        runbooks = _with(settings, data_dir, database_url, _read)
        publish_to(to, runbooks, settings.environment)
    except (PublishError, EmbeddedError, DatabaseUnavailable, OSError) as error:
        return _failed(f"not published: {error}")
    sys.stdout.write(f"{counted(len(runbooks), 'runbook')} published to {to}; begin with index.html\n")
    return OK


def export(settings: Settings, to: Path, *, data_dir: Path | None, database_url: str | None) -> int:
    """Write all runbooks as Markdown files."""
    try:
        runbooks = _with(settings, data_dir, database_url, _read)
        to.mkdir(parents=True, exist_ok=True)
        for each in runbooks:
            whole_files.write(to / f"{each.slug}{SUFFIX}", to_file(each), mode=READABLE)
    except (EmbeddedError, DatabaseUnavailable, OSError) as error:
        return _failed(f"not exported: {error}")
    sys.stdout.write(f"{counted(len(runbooks), 'runbook')} exported to {to}\n")
    return OK


def bring_in(
    settings: Settings, paths: Sequence[Path], reason: str, *, data_dir: Path | None, database_url: str | None
) -> int:
    """Bring in Markdown files, all of them or none."""
    drafts: dict[str, RunbookDraft] = {}
    try:
        for path in _files(paths):
            slug = path.name.removesuffix(SUFFIX)
            try:
                drafts[slug] = from_file(path.read_text(encoding="utf-8"), slug, reason)
            except FrontMatterError as error:
                return _failed(f"nothing was imported: {path}:{error.line}: {error.words}")
            except UnicodeDecodeError:
                return _failed(f"nothing was imported: {path} is no text in UTF-8")

        async def put(database: Database) -> Imported:
            async with database.transaction() as tx:
                return await import_files(tx, actor=OPERATOR, drafts=drafts)

        done = _with(settings, data_dir, database_url, put)
    except ProblemError as error:
        return _failed(f"nothing was imported: {error.detail}")
    except (EmbeddedError, DatabaseUnavailable, OSError) as error:
        return _failed(f"nothing was imported: {error}")
    sys.stdout.write(f"{len(done.created)} new, {len(done.changed)} changed, {len(done.same)} as they were\n")
    return OK


def check_files(paths: Sequence[Path]) -> int:
    """Say what is wrong with Markdown files; 1 when one of them could not be stored."""
    today = datetime.now(UTC).date()
    worst = OK
    try:
        found = list(_files(paths))
        names = {path.name.removesuffix(SUFFIX) for path in found}
        for path in found:
            for finding in check_file(path.read_text(encoding="utf-8", errors="replace"), today, names):
                sys.stdout.write(f"{path}:{finding.line or 1}: {finding.level}: {finding.message}\n")
                worst = FAILED if finding.level is FindingLevel.ERROR else worst
    except OSError as error:
        return _failed(f"not checked: {error}")
    return worst


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are named, and those of the folders that are. Raises OSError."""
    for path in paths:
        yield from sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else (path,)


async def _read(database: Database) -> tuple[Runbook, ...]:
    async with database.read() as connection:
        return await everything(connection)


def _with(
    settings: Settings, data_dir: Path | None, database_url: str | None, do: Callable[[Database], Awaitable[T]]
) -> T:
    """Do something with the database of a folder, or of an address."""

    async def run(url: str) -> T:
        async with open_database(url) as database:
            return await do(database)

    if data_dir is not None:
        with working_on(data_dir) as (_, url):
            return asyncio.run(run(url))
    found = database_url or settings.database_url
    assert found is not None  # noqa: S101 - the command line sees to it
    return asyncio.run(run(found))


def _failed(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return FAILED
